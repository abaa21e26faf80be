# SPDX-License-Identifier: BSD-3-Clause
# Text, hashes, closures, sorting, files, modules in Perl and in C, signals.
use strict;
use warnings;
use Data::Dumper;
use Digest::MD5 qw(md5_hex);
use Encode qw(encode decode);
use List::Util qw(sum first reduce shuffle);
use POSIX qw(floor strftime :signal_h);
use Storable qw(freeze thaw);
use Time::HiRes qw(sleep time alarm);

$| = 1;
my $text = "the quick brown fox jumps over the lazy dog";
my %count;
$count{$_}++ for grep { /\w/ } split //, $text;
my @top = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "letters: ", join(" ", map { "$_=$count{$_}" } @top[0 .. 4]), "\n";
(my $title = $text) =~ s/(\w+)/\u$1/g;
print "$title\n";
print "sum ", sum(1 .. 1000), ", first ", (first { $_ % 7 == 0 && $_ % 11 == 0 } 1 .. 1000),
    ", product ", (reduce { $a * $b } 1 .. 15), "\n";
print "md5 ", md5_hex($text), "\n";

my @makers = map { my $n = $_; sub { $n *= 2 } } 1 .. 3;
$_->() for @makers;
print "closures ", join(",", map { $_->() } @makers), "\n";

local $Data::Dumper::Indent = 0;
local $Data::Dumper::Sortkeys = 1;
my $deep = { list => [1, [2, 3]], name => 'x', none => undef };
print Dumper(thaw(freeze($deep))), "\n";

open my $out, '>:utf8', '/tmp/sample' or die "open: $!";
printf $out "%03d \x{e9}\x{20ac}\n", $_ for 1 .. 200;
close $out;
open my $in, '<:utf8', '/tmp/sample' or die "open: $!";
my @lines = <$in>;
close $in;
print scalar(@lines), " lines, ", -s '/tmp/sample', " bytes, ",
    length(encode('UTF-16', $lines[0])), " as UTF-16\n";
rename '/tmp/sample', '/tmp/sample2' or die "rename: $!";
print join(" ", map { -e $_ ? "yes" : "no" } '/tmp/sample', '/tmp/sample2'), "\n";
unlink '/tmp/sample2';

my $ticks = 0;
local $SIG{ALRM} = sub { $ticks++ };
local $SIG{USR1} = sub { print "caught USR1\n" };
kill USR1 => $$;
alarm(0.02);
select undef, undef, undef, 5 until $ticks;
print "ticks $ticks\n";

eval { die { code => 42 } };
print "exception $@->{code}\n";
print strftime("%Y-%m-%d %H:%M:%S", gmtime 86400 * 365), "\n";
print "regex: ", join("|", "k1=v1; k2=v2" =~ /(\w+)=(\w+)/g), "\n";
