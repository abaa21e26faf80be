// SPDX-License-Identifier: BSD-3-Clause

// What a Go program asks of a kernel: a thousand goroutines on several threads, forced collections
// under load, timers, channels, faults that become panics, preemption of loops, signals.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A ring of a thousand goroutines: each hands on what it gets, plus one.
func ring() {
	const count = 1000
	first := make(chan int)
	in := first
	for i := 0; i < count; i++ {
		out := make(chan int)
		go func(in <-chan int, out chan<- int) {
			for n := range in {
				out <- n + 1
			}
			close(out)
		}(in, out)
		in = out
	}
	sum := 0
	for lap := 0; lap < 3; lap++ {
		first <- lap
		sum += <-in
	}
	close(first)
	<-in
	fmt.Println("ring", sum)
}

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

// A thousand goroutines allocate while collections are forced.
func collector() {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var group sync.WaitGroup
	var nodes int64
	stop := make(chan bool)
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for depth := 1; depth < 7; depth++ {
				atomic.AddInt64(&nodes, int64(grow(depth).count()))
			}
		}()
	}
	go func() {
		for i := 0; i < 10; i++ {
			runtime.GC()
		}
		close(stop)
	}()
	group.Wait()
	<-stop
	debug.FreeOSMemory()
	runtime.ReadMemStats(&after)
	fmt.Println("collector", nodes, after.NumGC-before.NumGC >= 10)
}

func timers() {
	start := time.Now()
	var order []int
	var lock sync.Mutex
	var group sync.WaitGroup
	for _, ms := range []int{90, 30, 60} {
		ms := ms
		group.Add(1)
		time.AfterFunc(time.Duration(ms)*time.Millisecond, func() {
			lock.Lock()
			order = append(order, ms)
			lock.Unlock()
			group.Done()
		})
	}
	group.Wait()
	ticker := time.NewTicker(5 * time.Millisecond)
	for i := 0; i < 5; i++ {
		<-ticker.C
	}
	ticker.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
	}
	took := time.Since(start)
	fmt.Println("timers", order, ctx.Err(), took >= 125*time.Millisecond && took < 10*time.Second)
}

func faults() {
	catch := func(name string, run func()) {
		defer func() {
			err, _ := recover().(runtime.Error)
			fmt.Println(name, err)
		}()
		run()
	}
	var nothing *tree
	var none []int
	zero := len(none)
	catch("nil:", func() { nothing.left = nothing })
	catch("index:", func() { none[zero] = 1 })
	catch("divide:", func() { fmt.Println(1 / zero) })
}

func depth(n int) int {
	var frame [64]int
	frame[n%64] = n
	if n == 0 {
		return 0
	}
	return depth(n-1) + frame[n%64] - n + 1
}

// Stacks start at 2 KiB and are copied when they grow.
func stacks() {
	var group sync.WaitGroup
	depths := make([]int, 20)
	for i := range depths {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			depths[i] = depth(250 * (i + 1))
		}(i)
	}
	group.Wait()
	fmt.Println("stacks", depths[0], depths[19])
}

// Loops without a call are interrupted by signals, on as many threads as there are processors.
func preemption() {
	var started, stop int32
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			atomic.AddInt32(&started, 1)
			for atomic.LoadInt32(&stop) == 0 {
				for k := 0; k < 1000000; k++ {
				}
			}
		}()
	}
	for atomic.LoadInt32(&started) < 8 {
		time.Sleep(time.Millisecond)
	}
	runtime.GC() // stops them all
	atomic.StoreInt32(&stop, 1)
	group.Wait()
	fmt.Println("preemption", started)
}

// Goroutines that own a thread, all in a system call at once.
func threads() {
	var group sync.WaitGroup
	var lock sync.Mutex
	ids := map[int]bool{}
	reader, writer, _ := os.Pipe()
	for i := 0; i < 16; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			runtime.LockOSThread()
			lock.Lock()
			ids[syscall.Gettid()] = true
			lock.Unlock()
			one := make([]byte, 1)
			syscall.Read(int(reader.Fd()), one)
		}()
	}
	for count := 0; count < 16; time.Sleep(time.Millisecond) {
		lock.Lock()
		count = len(ids)
		lock.Unlock()
	}
	writer.Write(make([]byte, 16))
	group.Wait()
	fmt.Println("threads", len(ids))
}

func pool() {
	jobs, results := make(chan int), make(chan int, 100)
	var group sync.WaitGroup
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range jobs {
				results <- n * n
			}
		}()
	}
	go func() {
		for n := 0; n < 5000; n++ {
			jobs <- n
		}
		close(jobs)
		group.Wait()
		close(results)
	}()
	sum := 0
	for n := range results {
		sum += n
	}
	fmt.Println("pool", sum)
}

func files() {
	folder, err := os.MkdirTemp("", "sample")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	for i := 0; i < 20; i++ {
		name := filepath.Join(folder, fmt.Sprint(i))
		if err := os.WriteFile(name, make([]byte, i*1000), 0o644); err != nil {
			fmt.Println(err)
		}
	}
	entries, _ := os.ReadDir(folder)
	sort.Slice(entries, func(i, j int) bool { return len(entries[i].Name()) < len(entries[j].Name()) })
	info, _ := os.Stat(filepath.Join(folder, "19"))
	_, err = os.Open("/no/such/file")
	fmt.Println("files", len(entries), info.Size(), errors.Is(err, os.ErrNotExist))
	reader, writer, _ := os.Pipe()
	go func() {
		fmt.Fprint(writer, "through a pipe")
		writer.Close()
	}()
	data := make([]byte, 100)
	n, _ := reader.Read(data)
	reader.SetReadDeadline(time.Now().Add(time.Millisecond))
	fmt.Println("pipe", string(data[:n]))
}

func signals() {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGUSR1)
	syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
	fmt.Println("signal", <-caught)
	signal.Stop(caught)
}

func main() {
	runtime.GOMAXPROCS(4)
	for _, part := range []func(){ring, collector, timers, faults, stacks, preemption, threads,
		pool, files, signals} {
		part()
	}
}
