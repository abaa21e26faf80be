// SPDX-License-Identifier: BSD-3-Clause

//! Threads of Rust's standard library: sixteen at a time, channels, locks, conditions, barriers,
//! scopes, thread-locals, panics and what they poison, files.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{channel, sync_channel, RecvTimeoutError};
use std::sync::{Arc, Barrier, Condvar, Mutex, Once, RwLock};
use std::time::{Duration, Instant};
use std::{fs, io::Write, panic, thread};

const THREADS: u64 = 16;

fn channels() {
    let (sender, receiver) = channel();
    let workers: Vec<_> = (0..THREADS)
        .map(|id| {
            let sender = sender.clone();
            thread::spawn(move || (0..1000).for_each(|n| sender.send(id * 1000 + n).unwrap()))
        })
        .collect();
    drop(sender);
    let sum: u64 = receiver.iter().sum();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    println!("channel: {sum}");
}

/// Each stage hands on what it gets, times two, over a channel without room.
fn pipeline() {
    let (first, mut receiver) = sync_channel::<u64>(0);
    for _ in 0..10 {
        let (sender, next) = sync_channel(0);
        let previous = std::mem::replace(&mut receiver, next);
        thread::spawn(move || previous.iter().for_each(|n| sender.send(n * 2).unwrap()));
    }
    let feeder = thread::spawn(move || (1..=50).for_each(|n| first.send(n).unwrap()));
    println!("pipeline: {}", receiver.iter().sum::<u64>());
    feeder.join().unwrap();
}

fn locks() {
    let counts = Arc::new(Mutex::new(BTreeMap::new()));
    let table = Arc::new(RwLock::new(HashMap::new()));
    let total = AtomicU64::new(0);
    thread::scope(|scope| {
        for id in 0..THREADS {
            let (counts, table, total) = (counts.clone(), table.clone(), &total);
            scope.spawn(move || {
                for n in 0..200 {
                    *counts.lock().unwrap().entry(n % 5).or_insert(0) += 1;
                    if n % 20 == 0 {
                        table.write().unwrap().insert((id, n), n);
                    } else {
                        total.fetch_add(table.read().unwrap().len().min(1) as u64, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    println!("mutex: {:?}", counts.lock().unwrap());
    println!("rwlock: {} {}", table.read().unwrap().len(), total.into_inner());
}

fn ping_pong() {
    let turn = Arc::new((Mutex::new(0), Condvar::new()));
    let play = |mine: usize, turn: Arc<(Mutex<usize>, Condvar)>| {
        move || {
            let (lock, changed) = &*turn;
            for _ in 0..1000 {
                let mut turn = changed.wait_while(lock.lock().unwrap(), |t| *t % 2 != mine).unwrap();
                *turn += 1;
                changed.notify_one();
            }
        }
    };
    let other = thread::spawn(play(1, turn.clone()));
    play(0, turn.clone())();
    other.join().unwrap();
    println!("ping-pong: {}", turn.0.lock().unwrap());
}

fn barriers() {
    static ONCE: Once = Once::new();
    static ONCE_RUNS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static MINE: Cell<u64> = Cell::new(7));
    let barrier = Barrier::new(THREADS as usize);
    let leaders = AtomicUsize::new(0);
    let sum: u64 = thread::scope(|scope| {
        let run = |id| {
            ONCE.call_once(|| drop(ONCE_RUNS.fetch_add(1, Ordering::SeqCst)));
            MINE.with(|mine| mine.set(mine.get() + id));
            for _ in 0..5 {
                if barrier.wait().is_leader() {
                    leaders.fetch_add(1, Ordering::SeqCst);
                }
            }
            MINE.with(|mine| mine.get())
        };
        let threads: Vec<_> = (0..THREADS).map(|id| scope.spawn(move || run(id))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    let (leaders, once) = (leaders.into_inner(), ONCE_RUNS.load(Ordering::SeqCst));
    println!("barrier: {leaders} leaders, {once} once, sum {sum}");
}

fn time_limits() {
    let start = Instant::now();
    let (_sender, receiver) = channel::<()>();
    let result = receiver.recv_timeout(Duration::from_millis(20));
    thread::park_timeout(Duration::from_millis(10));
    let sleeper = thread::spawn(|| {
        thread::park();
        "unparked"
    });
    thread::sleep(Duration::from_millis(20));
    sleeper.thread().unpark();
    let word = sleeper.join().unwrap();
    let took = start.elapsed();
    let is_right = took >= Duration::from_millis(40) && took < Duration::from_secs(10);
    println!("time: {} {word} {is_right}", result == Err(RecvTimeoutError::Timeout));
}

fn panics() {
    panic::set_hook(Box::new(|_| ()));
    let lock = Arc::new(Mutex::new(5));
    let other = lock.clone();
    let result = thread::Builder::new()
        .name("doomed".into())
        .stack_size(64 * 1024)
        .spawn(move || {
            let guard = other.lock().unwrap();
            panic!("{} with {}", thread::current().name().unwrap(), *guard);
        })
        .unwrap()
        .join();
    let text = *result.unwrap_err().downcast::<String>().unwrap();
    println!("panic: {text}, poisoned {}", lock.lock().is_err());
}

fn files() -> std::io::Result<()> {
    let folder = std::env::temp_dir().join("rust-sample");
    fs::create_dir_all(&folder)?;
    thread::scope(|scope| {
        for id in 0..THREADS {
            let path = folder.join(id.to_string());
            scope.spawn(move || {
                let mut file = fs::File::create(path).unwrap();
                (0..100).for_each(|n| writeln!(file, "{id} {n}").unwrap());
            });
        }
    });
    let sizes: u64 = fs::read_dir(&folder)?.map(|e| e.unwrap().metadata().unwrap().len()).sum();
    println!("files: {sizes} bytes");
    fs::remove_dir_all(folder)
}

fn main() {
    channels();
    pipeline();
    locks();
    ping_pong();
    barriers();
    time_limits();
    panics();
    files().unwrap();
    println!("parallel: {}", thread::available_parallelism().unwrap().get() > 0);
}
