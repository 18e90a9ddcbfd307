// An ordinary program: nothing of ours, only Rust's standard library. What it prints becomes lines of the device's log.
use std::collections::hash_map::RandomState;
use std::env;
use std::hash::{BuildHasher, Hasher};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const VERSION: &str = match option_env!("APP_VERSION") {
    Some(version) => version,
    None => "1.0.0",
};

fn main() {
    let mut arguments = env::args();
    println!("hello-rust {} starts as {}", VERSION, arguments.next().unwrap_or_default());
    for (index, argument) in arguments.enumerate() {
        println!("argument {}: {}", index + 1, argument);
    }
    println!("HELLO_NAME is {}", env::var("HELLO_NAME").unwrap_or_else(|_| "not set".to_string()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    println!("it is {} seconds after 1970", now.as_secs());
    // The standard library takes the keys of its hash maps from the device's random numbers.
    println!("a random number: {:016x}", RandomState::new().build_hasher().finish());

    // HELLO_LINES in its environment makes it end by itself.
    let lines: Option<u64> = env::var("HELLO_LINES").ok().and_then(|text| text.parse().ok());
    let mut count: u64 = 0;
    while lines.map_or(true, |lines| count < lines) {
        let begin = Instant::now();
        sleep(Duration::from_secs(1));
        count += 1;
        println!("hello from Rust, line {}, after {:.1} s", count, begin.elapsed().as_secs_f64());
    }
    eprintln!("hello-rust ends after {} lines", count);
}
