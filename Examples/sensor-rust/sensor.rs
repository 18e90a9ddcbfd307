//! A temperature sensor: reads each period, logs the reading and publishes it as JSON to the topic `temperature`.
//! Counts its readings across restarts and updates.
//! Configuration: period_ms, from 10 to 3600000; 1000 if there is none.
use xtb1::{info, kv, publish, warning, App, Event, Interval, QoS, Result, Sensor, Timer};

const VERSION: &str = match option_env!("APP_VERSION") {
    Some(version) => version,
    None => "1.0.0",
};

struct Thermometer {
    sensor: Sensor,
    timer: Timer,
    readings: i64,
    is_confirmed: bool,
}

impl App for Thermometer {
    fn start() -> Result<Self> {
        let sensor = Sensor::open("temperature")?;
        // A sensor that can't read its count begins anew.
        let readings = kv::get_number("readings").unwrap_or_else(|problem| {
            warning!("the count can't be read: {problem}");
            None
        });
        let readings = readings.unwrap_or(0);
        let period = xtb1::config_number("period_ms").filter(|period| (10..=3_600_000).contains(period));
        let period = period.unwrap_or(1000);
        info!("sensor-rust {VERSION} starts: period_ms {period}, {readings} readings so far");
        let timer = Timer::every(Interval::from_millis(period))?;
        Ok(Thermometer { sensor, timer, readings, is_confirmed: false })
    }

    fn handle(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Timer { timer, .. } if timer == self.timer => self.measure()?,
            Event::Published { refusal: Some(reason), .. } => {
                warning!("the broker refused a reading: reason {reason}");
            }
            _ => {}
        }
        Ok(())
    }
}

impl Thermometer {
    fn measure(&mut self) -> Result<()> {
        let temperature = self.sensor.read(0)?;
        self.readings += 1;
        let readings = self.readings;
        info!("temperature {temperature:.2} °C (reading {readings})");
        let values = format!(r#""temperature":{temperature:.2},"unit":"C","reading":{readings}"#);
        let json = format!(r#"{{{values},"app":"sensor-rust","version":"{VERSION}"}}"#);
        publish("temperature", json, QoS::AtLeastOnce)?;

        if !self.is_confirmed {
            self.is_confirmed = true;
            xtb1::confirm_health();
        }
        // Not at each reading: flash wears.
        if readings % 10 == 1 {
            kv::set_number("readings", readings)?;
        }
        Ok(())
    }
}

xtb1::app!(Thermometer);
