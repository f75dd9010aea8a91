//! Queues and pipes: processes that send each other messages.
//!
//! `cargo run --example queue`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use parcell::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    squares_through_a_queue()?;
    producer_and_consumer()?;
    both_ways_through_a_pipe()?;
    tasks_that_are_waited_for()
}

fn squares_through_a_queue() -> Result<(), Box<dyn std::error::Error>> {
    let queue = Queue::new();
    let processes: Vec<_> = (0..5u32).map(|n| Process::spawn(|| queue.put(n * n))).collect();
    // Whoever is done first is first in the queue.
    let mut squares = processes.iter().map(|_| queue.get()).collect::<Result<Vec<_>, _>>()?;
    for process in &processes {
        process.join()??;
    }
    squares.sort_unstable();
    println!("squares: {squares:?}");
    Ok(())
}

/// What the producer sends. (Python sends a list of anything.)
#[derive(Debug, Serialize, Deserialize)]
enum Part {
    Number(i32),
    Nothing,
    Text(String),
}

fn producer_and_consumer() -> Result<(), Box<dyn std::error::Error>> {
    let queue = Queue::new();
    let consumer = Process::spawn(|| format!("{:?}", queue.get()));
    let producer = Process::spawn(|| queue.put(vec![Part::Number(42), Part::Nothing, Part::Text("hello".into())]));
    producer.join()??;
    println!("received: {}", consumer.join()?);
    Ok(())
}

fn both_ways_through_a_pipe() -> Result<(), Box<dyn std::error::Error>> {
    let (ours, theirs) = Pipe::<String>::new();
    let process = Process::spawn(move || {
        theirs.send("Hello from process".to_owned())?;
        theirs.recv()
    });
    println!("{}", ours.recv()?);
    ours.send("and back".to_owned())?;
    println!("it heard: {}", process.join()??);
    Ok(())
}

fn tasks_that_are_waited_for() -> Result<(), Box<dyn std::error::Error>> {
    let tasks = JoinableQueue::new();
    let worker = Process::spawn(|| {
        let mut done = 0;
        while let Ok(task) = tasks.get() {
            done += task;
            tasks.task_done().expect("it was taken out");
        }
        done
    });
    for task in 1..=10u32 {
        tasks.put(task)?;
    }
    tasks.join()?;
    tasks.close();
    println!("tasks: {}", worker.join()?);
    Ok(())
}
