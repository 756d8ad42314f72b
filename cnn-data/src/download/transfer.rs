//! One file from one address, by HTTP or HTTPS; proxies are those of the environment.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    time::Duration,
};

use ureq::Agent;

/// How long a server may keep silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that are received at most; the largest file has a sixth of these.
const LARGEST: u64 = 1 << 30;

/// What went wrong, there or here.
pub(super) enum Failure {
    /// The mirror failed, or the way to it: another may do better.
    Remote(String),
    /// The disk failed.
    Local(io::Error),
}

/// Writes what an address holds into a file.
pub(super) fn receive(url: &str, path: &Path) -> Result<(), Failure> {
    let config = Agent::config_builder().timeout_connect(Some(PATIENCE)).timeout_per_read(Some(PATIENCE));
    let agent: Agent = config.build().into();
    let remote = |error: ureq::Error| Failure::Remote(error.to_string());
    let mut body = agent.get(url).call().map_err(remote)?.into_body().into_reader().take(LARGEST);
    let mut file = File::create(path).map_err(Failure::Local)?;
    let mut block = vec![0; 1 << 16];
    loop {
        match body.read(&mut block).map_err(|error| Failure::Remote(format!("broke off ({error})")))? {
            0 => return file.sync_all().map_err(Failure::Local),
            count => file.write_all(&block[..count]).map_err(Failure::Local)?,
        }
    }
}
