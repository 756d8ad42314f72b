//! A server: whoever connects writes the path of an image a line, and reads a line of answer. Four threads share the weights.
//!
//! ```text
//! server --epochs 3 --output runs/server
//! server serve runs/server/best.safetensors 127.0.0.1:7070
//! ```

mod data;

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::ExitCode,
    thread,
};

use cnn_runtime::{
    Error, Predictor, Result,
    data::{Image, decode},
    network,
    trainer::{Request, Trainer},
};

network! {
    /// Digits, from files.
    pub Digits<[1, 28, 28] -> 10> {
        input
            -> conv1: conv(16, 3) -> relu -> max_pool(2)
            -> conv2: conv(32, 3) -> relu -> max_pool(2)
            -> flatten
            -> fc: dense(10)

        train { optimizer = adam(lr = 2e-3), batch = 64, epochs = 5 }
    }
}

const THREADS: usize = 4;

fn serve(request: &Request) -> Result<()> {
    let [weights, address] = request.arguments() else {
        return Err(Error::Usage(
            "serve: expected a file of weights and an address, as in 127.0.0.1:7070".into(),
        ));
    };
    let predictor = Predictor::open(request.model(), &request.device()?, Path::new(weights))?;
    let io = |source| Error::Io { path: address.into(), action: "serve", source };
    let listener = TcpListener::bind(&*address.to_string_lossy()).map_err(io)?;
    println!("listening on {}", listener.local_addr().map_err(io)?);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                // A connection that breaks off is the client's affair.
                listener.incoming().flatten().for_each(|client| drop(converse(&predictor, client)));
            });
        }
    });
    Ok(())
}

fn converse(predictor: &Predictor, mut client: TcpStream) -> std::io::Result<()> {
    let mut image = Image::default();
    for path in BufReader::new(client.try_clone()?).lines() {
        let answer = decode(Path::new(&path?), &mut image).and_then(|()| predictor.predict(&mut image));
        match answer.map(|answer| answer.first(1)) {
            Ok(first) => first.iter().try_for_each(|(name, share)| writeln!(client, "{name} {share:.4}"))?,
            Err(error) => writeln!(client, "error: {error}")?,
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    Trainer::of::<Digits>()
        .data_dir("mnist", data::MNIST)
        .command("serve", "Answer on a socket: serve WEIGHTS ADDRESS", serve)
        .main()
}
