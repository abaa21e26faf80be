-- SPDX-License-Identifier: BSD-3-Clause
-- Exercises what a small program needs: memory, strings, floating point, files, time.
print("Hello from " .. _VERSION .. " on Narthex!")

local sieve, primes = {}, 0
for n = 2, 10000 do
	if not sieve[n] then
		primes = primes + 1
		for multiple = n * n, 10000, n do
			sieve[multiple] = true
		end
	end
end
print("primes below 10000: " .. primes)
print(string.format("pi is about %.12f", 4 * math.atan(1)))

local name = os.tmpname()
local file = assert(io.open(name, "w"))
for i = 1, 1000 do
	file:write("line ", i, "\n")
end
file:close()
local count = 0
for _ in io.lines(name) do
	count = count + 1
end
assert(os.remove(name))
print("lines read back: " .. count)

local words = {}
for word in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do
	words[#words + 1] = word
end
table.sort(words)
print(table.concat(words, " "))
assert(os.time() > 1577836800, "the clock is wrong")
