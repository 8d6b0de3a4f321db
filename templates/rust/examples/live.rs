//! Runs the connector against its API, without a component and not sandboxed: cargo run --example live -- --table beers

fn main() -> std::process::ExitCode {
    weld_connector::live::run::<connector::Api>()
}
