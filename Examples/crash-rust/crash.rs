//! Crashes in its third tick, to show what a crash report says.
use xtb1::{info, App, Event, Interval, Result, Timer};

struct Crash {
    samples: Vec<i32>,
    ticks: usize,
}

impl App for Crash {
    fn start() -> Result<Self> {
        info!("crash-rust starts: it crashes in its third tick");
        Timer::every(Interval::from_millis(100))?;
        Ok(Crash { samples: vec![20, 21, 22], ticks: 0 })
    }

    fn handle(&mut self, event: Event) -> Result<()> {
        if let Event::Timer { .. } = event {
            self.ticks += 1;
            info!("the sample is {}", self.measure());
        }
        Ok(())
    }
}

impl Crash {
    #[inline(never)]
    fn measure(&self) -> i32 {
        self.pick(if self.ticks < 3 { self.ticks } else { self.ticks * 10 })
    }

    #[inline(never)]
    fn pick(&self, index: usize) -> i32 {
        self.samples[index] // crashes here, past the end
    }
}

xtb1::app!(Crash);
