# frozen_string_literal: true
# SPDX-License-Identifier: BSD-3-Clause
# Collections, exceptions, files, fibers, libraries, the garbage collector, threads, signals.
require 'digest'
require 'json'
require 'set'
require 'tempfile'
require 'timeout'

$stdout.sync = true
words = %w[the quick brown fox jumps over the lazy dog]
puts words.group_by(&:length).sort.map { |n, group| "#{n}=#{group.uniq.sort.join('/')}" }.join(' ')
puts "sum #{(1..1000).sum}, 2**100 = #{2**100}, #{Rational(1, 3) + Rational(1, 6)}"
puts JSON.generate(JSON.parse('{"b": [1, {"c": null}], "a": 2.5}'))
puts Digest::SHA256.hexdigest(words.join(' '))

Tempfile.create('sample') do |file|
  1000.times { |i| file.puts("line #{i}") }
  file.flush
  puts "#{File.foreach(file.path).count} lines, #{File.size(file.path)} bytes"
end

fibonacci = Fiber.new do
  a, b = 0, 1
  loop { Fiber.yield a; a, b = b, a + b }
end
puts "fibonacci #{Array.new(12) { fibonacci.resume }.join(' ')}"

begin
  [].fetch(3)
rescue IndexError => e
  puts "#{e.class}: #{e.message}"
end

before = GC.count
200_000.times { |i| "garbage #{i}" }
GC.start
puts "collected: #{GC.count > before}"

# Threads: a queue between four workers, a mutex, a condition, a time limit.
jobs = Queue.new
sums = Queue.new
workers = Array.new(4) do
  Thread.new { while (n = jobs.pop) != :end do sums << (1..n).sum end }
end
100.times { |i| jobs << i }
4.times { jobs << :end }
workers.each(&:join)
puts "sum of sums #{Array.new(sums.size) { sums.pop }.sum}"

mutex = Mutex.new
count = 0
Array.new(8) { Thread.new { 1000.times { mutex.synchronize { count += 1 } } } }.each(&:join)
puts "counted to #{count}"

begin
  Timeout.timeout(0.05) { sleep }
rescue Timeout::Error
  puts 'timed out'
end
busy = Thread.new { loop { count += 1 } }
sleep 0.05
busy.kill
puts "ended: #{busy.join(5) == busy}, value #{Thread.new { Thread.current[:x] = 5 }.value}"

reader, writer = IO.pipe
echo = Thread.new { reader.read }
writer.write('through a pipe')
writer.close
puts echo.value

trap('USR1') { puts 'caught USR1' }
Process.kill('USR1', Process.pid)
sleep 0.01
puts "time goes on: #{Process.clock_gettime(Process::CLOCK_MONOTONIC).positive?}"
