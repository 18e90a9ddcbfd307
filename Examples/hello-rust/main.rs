// An ordinary program: no SDK, only Rust's standard library. What it prints becomes lines of the device's log.
use std::env;
use std::thread::sleep;
use std::time::Duration;

const VERSION: &str = match option_env!("APP_VERSION") {
    Some(version) => version,
    None => "1.0.0",
};

fn main() {
    println!("hello-rust {} starts", VERSION);
    // HELLO_LINES in its environment makes it end by itself.
    let lines: Option<u64> = env::var("HELLO_LINES").ok().and_then(|text| text.parse().ok());
    let mut count: u64 = 0;
    while lines.map_or(true, |lines| count < lines) {
        count += 1;
        println!("hello from Rust, line {}", count);
        sleep(Duration::from_secs(1));
    }
    eprintln!("hello-rust ends after {} lines", count);
}
