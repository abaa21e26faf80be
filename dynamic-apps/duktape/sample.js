// SPDX-License-Identifier: BSD-3-Clause
// Objects, closures, regular expressions, JSON, typed arrays, exceptions, the garbage collector.
'use strict';

function Point(x, y) {
	this.x = x;
	this.y = y;
}
Point.prototype.toString = function () {
	return '(' + this.x + ', ' + this.y + ')';
};

function counter() {
	var n = 0;
	return function () { return ++n; };
}

function primes(limit) {
	var sieve = new Uint8Array(limit + 1), found = [], i, k;
	for (i = 2; i <= limit; i++) {
		if (sieve[i]) continue;
		found.push(i);
		for (k = i * i; k <= limit; k += i) sieve[k] = 1;
	}
	return found;
}

var next = counter(), words = 'the quick brown fox jumps over the lazy dog'.split(' ');
next();
print('point ' + new Point(3, 4), 'counter ' + next());
print(JSON.stringify({ words: words.length, longest: words.slice().sort(function (a, b) {
	return b.length - a.length || (a < b ? -1 : 1);
})[0], nested: [1, [2, [3]], null, true] }));
print('upper'.replace(/[aeiou]/g, function (c) { return c.toUpperCase(); }), /(\d+)-(\d+)/.exec('10-20')[2]);
print('primes below 10000: ' + primes(10000).length, 'last ' + primes(10000).pop());
print(Math.sqrt(2).toFixed(12), (0.1 + 0.2).toString(), (255).toString(16), parseInt('z', 36));
try {
	undefined.x();
} catch (e) {
	print(e.name);
}
for (var i = 0, garbage; i < 20000; i++) garbage = { i: i, s: 'x' + i };
Duktape.gc();
print('last ' + garbage.s, new Date(86400000).toISOString());
