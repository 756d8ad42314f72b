//! A server that answers several clients at once from one set of weights.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use image::{GrayImage, Luma};

use super::{run, stdout, text};

/// Ends the server with the test, whatever becomes of it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[test]
fn four_clients_get_the_answers_of_predict() {
    let folder = tempfile::tempdir().unwrap();
    let train = ["--device", "cpu", "--epochs", "1", "--limit", "500", "--output", text(folder.path())];
    stdout(&run("server", &train));
    let weights = folder.path().join("best.safetensors");
    let image = folder.path().join("stroke.png");
    GrayImage::from_fn(28, 28, |x, _| Luma([if (12..16).contains(&x) { 255 } else { 0 }]))
        .save(&image)
        .unwrap();
    let predict = ["predict", "--device", "cpu", "--top", "1", "--weights", text(&weights), text(&image)];
    let expected = stdout(&run("server", &predict));
    let expected = expected.trim_end().rsplit_once(": ").unwrap().1.to_owned();

    let serve = ["serve", text(&weights), "127.0.0.1:0", "--device", "cpu"];
    let child =
        Command::new(cnn_tests::example("server")).args(serve).stdout(Stdio::piped()).spawn().unwrap();
    let mut server = Server(child);
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on ").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = TcpStream::connect(address).unwrap();
                let mut answers = BufReader::new(client.try_clone().unwrap()).lines();
                for _ in 0..20 {
                    writeln!(client, "{}", image.display()).unwrap();
                    assert_eq!(answers.next().unwrap().unwrap(), expected);
                }
                writeln!(client, "/no/such.png").unwrap();
                assert!(answers.next().unwrap().unwrap().starts_with("error: /no/such.png"));
            });
        }
    });
}
