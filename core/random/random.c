/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The random generator: ChaCha20 with fast key erasure. Every block that is made replaces the
 * key first, so what was handed out cannot be computed from a later state.
 *
 *   block(key) = new key (32 bytes) | spare bytes (32), handed out once and wiped
 *
 * Seeded at the first use, so that a program that needs no randomness does not pay for it.
 * Lock: random_lock, irq-off; long requests take it anew for every block.
 */
#include <uk/arch/cpu.h>
#include <uk/chacha20.h>
#include <uk/lock.h>
#include <uk/print.h>
#include <uk/random.h>
#include <uk/string.h>

static struct spinlock random_lock = SPINLOCK_INIT;
static uint32_t key[8];
static unsigned char spare[32];
static unsigned int spare_used = sizeof(spare); /* bytes handed out */
static bool is_seeded;
static struct random_source *sources;
static unsigned int blocks_left; /* until sources are asked again */

#define RESEED_BLOCKS 65536   /* 2 MiB of output */
#define SEED_POLLS    5000000 /* some 10 ms: only a machine without an instruction for it waits */

/* key = first half of block(key), spare = second half. */
static void rekey_locked(void)
{
	static const uint32_t nonce[3];
	uint32_t block[16];

	uk_chacha20_block(key, 0, nonce, block);
	memcpy(key, block, sizeof(key));
	memcpy(spare, block + 8, sizeof(spare));
	spare_used = 0;
	memset(block, 0, sizeof(block));
	__asm__ volatile("" ::"r"(block) : "memory"); /* the wipe is not dead code */
}

/* Absorbs: bytes into the key, then one block over it; the last block's spare bytes are good. */
static void mix_locked(const unsigned char *data, size_t len)
{
	do {
		unsigned char *bytes = (unsigned char *)key;
		size_t part = UK_MIN(len, sizeof(key));

		for (size_t i = 0; i < part; i++)
			bytes[i] ^= data[i];
		data += part;
		len -= part;
		rekey_locked();
	} while (len);
}

/* Without a hardware source the counter's jitter over a few dozen reads is all there is. */
static void seed_from_counter_locked(void)
{
	uint64_t samples[4] = {0};

	for (unsigned int i = 0; i < 64; i++) {
		uint64_t now = ukarch_counter();

		samples[i % 4] = (samples[i % 4] << 7 | samples[i % 4] >> 57) ^ now;
		ukarch_cpu_relax();
	}
	mix_locked((unsigned char *)samples, sizeof(samples));
}

/* Absorbs what devices have; returns whether there was a key's worth. */
static bool ask_sources_locked(unsigned int max_polls)
{
	unsigned char bytes[64];
	size_t total = 0;

	for (struct random_source *s = sources; s; s = s->next) {
		size_t len = s->read(s, bytes, sizeof(bytes), max_polls);

		if (len)
			mix_locked(bytes, len);
		total += len;
	}
	memset(bytes, 0, sizeof(bytes));
	__asm__ volatile("" ::"r"(bytes) : "memory"); /* the wipe is not dead code */
	blocks_left = RESEED_BLOCKS;
	return total >= sizeof(key);
}

/* Returns whether a hardware source contributed. */
static bool seed_locked(void)
{
	uint64_t words[4] = {0};
	unsigned int found = 0;

	while (found < 4 && ukarch_random_word(&words[found]))
		found++;
	words[3] ^= ukarch_counter();
	mix_locked((unsigned char *)words, sizeof(words));
	is_seeded = true;
	if (ask_sources_locked(found < 4 ? SEED_POLLS : 0) || found == 4)
		return true;
	seed_from_counter_locked();
	return false;
}

static size_t take(void *buf, size_t len)
{
	unsigned long irq_flags = spin_lock_irqsave(&random_lock);
	bool is_weak = false;

	if (uk_unlikely(!is_seeded))
		is_weak = !seed_locked();
	if (spare_used == sizeof(spare)) {
		if (!blocks_left--)
			ask_sources_locked(0);
		rekey_locked();
	}
	len = UK_MIN(len, sizeof(spare) - spare_used);
	memcpy(buf, spare + spare_used, len);
	memset(spare + spare_used, 0, len);
	spare_used += (unsigned int)len;
	spin_unlock_irqrestore(&random_lock, irq_flags);
	if (uk_unlikely(is_weak))
		uk_pr_warn("random: this machine has no hardware source; numbers may be "
			   "guessable (give it -cpu max or a virtio-rng device)\n");
	return len;
}

void random_bytes(void *buf, size_t len)
{
	for (char *next = buf; len;) {
		size_t part = take(next, len);

		next += part;
		len -= part;
	}
}

uint64_t random_u64(void)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value;
}

void random_mix(const void *data, size_t len)
{
	unsigned long irq_flags = spin_lock_irqsave(&random_lock);

	mix_locked(data, len);
	spin_unlock_irqrestore(&random_lock, irq_flags);
}

void random_add_source(struct random_source *source)
{
	unsigned long irq_flags = spin_lock_irqsave(&random_lock);

	source->next = sources;
	sources = source;
	blocks_left = 0; /* asked soon, should the generator be in use already */
	spin_unlock_irqrestore(&random_lock, irq_flags);
}
