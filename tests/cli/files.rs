//! Data sets as tables, in MNIST's format, and of every format of images.

use std::{fmt::Write, fs, path::Path, process::Output};

use image::{GrayImage, Luma};

use super::{
    fails,
    folder::{draw, folder_of},
    run, stdout, text,
};

fn log(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_table_names_images_and_their_values() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    fs::create_dir(&images).unwrap();
    let mut table = "file,x,y,by\n".to_owned();
    for nth in 0..100u32 {
        let (left, top) = (3 + nth % 9 * 2, 3 + nth / 9 % 9 * 2);
        let near = |at: u32, to: u32| at.abs_diff(to) < 3;
        let spot = |x, y| Luma([if near(x, left) && near(y, top) { 220 } else { 20 }]);
        GrayImage::from_fn(24, 24, spot).save(images.join(format!("{nth}.png"))).unwrap();
        writeln!(table, "{nth}.png,{},{},hand", f64::from(left) / 24.0, f64::from(top) / 24.0).unwrap();
    }
    fs::write(folder.path().join("spots.csv"), table).unwrap();
    let data = format!("csv:{}", folder.path().join("spots.csv").display());
    let train = ["--device", "cpu", "--epochs", "60", "--data", &data, "--data-dir", text(&images)];
    let trained = run("position", &train);
    let result = stdout(&trained);
    let r2: f64 = result.split(' ').nth(2).unwrap().parse().unwrap();
    assert!(result.starts_with("test r2 ") && r2 > 0.8, "{result}");
    for line in ["no column split: one image in five is a test image", "columns that are not used: by"] {
        assert!(log(&trained).contains(line), "{}", log(&trained));
    }
    fs::remove_file(images.join("7.png")).unwrap();
    fails("position", &train, 3, &["7.png: cannot read", "--skip-bad N"]);
}

#[test]
fn any_data_set_in_the_format_of_mnist() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, magic: u8, dims: &[u32], contents: &[u8]| {
        let dims = dims.iter().flat_map(|dim| dim.to_be_bytes());
        let bytes: Vec<u8> =
            [0, 0, 8, magic].into_iter().chain(dims).chain(contents.iter().copied()).collect();
        fs::write(folder.path().join(name), bytes).unwrap();
    };
    for (part, count) in [("train", 60u32), ("test", 12)] {
        // Three classes, counted from 1, of images that are bright above, below or everywhere.
        let label = |nth: u32| nth % 3 + 1;
        let pixels: Vec<u8> = (0..count)
            .flat_map(|nth| {
                (0..784).map(move |at| {
                    let is_bright = match label(nth) {
                        1 => at < 392,
                        2 => at >= 392,
                        _ => true,
                    };
                    if is_bright { 200 } else { 10 }
                })
            })
            .collect();
        let labels: Vec<u8> = (0..count).map(|nth| label(nth) as u8).collect();
        write(&format!("sides-{part}-images-idx3-ubyte"), 3, &[count, 28, 28], &pixels);
        write(&format!("sides-{part}-labels-idx1-ubyte"), 1, &[count], &labels);
    }
    let (data, output) = (format!("idx:{}", folder.path().display()), folder.path().join("run"));
    let train =
        ["--device", "cpu", "--epochs", "10", "--batch", "10", "--data", &data, "--output", text(&output)];
    assert!(stdout(&run("lenet5", &train)).starts_with("test accuracy 1.0000"));
    let weights = output.join("last.safetensors");
    let eval = ["eval", "--device", "cpu", "--weights", text(&weights), "--data", &data];
    let evaluated = stdout(&run("lenet5", &eval));
    assert!(
        evaluated.contains("\n1 ") && evaluated.contains("\n3 ") && !evaluated.contains("\n0 "),
        "{evaluated}"
    );
}

#[test]
fn every_format_and_name_is_an_image() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let rewrite = |path: &str, to: &str| {
        let image = image::open(root.join(path)).unwrap();
        // The library writes coloured gifs alone, and another form of pgm.
        if to.ends_with("gif") {
            image.into_rgb8().save(root.join(to)).unwrap();
        } else if to.ends_with("pgm") {
            let bytes = [b"P5 32 32 255\n".as_slice(), image.as_bytes()].concat();
            fs::write(root.join(to), bytes).unwrap();
        } else {
            image.save(root.join(to)).unwrap();
        }
        fs::remove_file(root.join(path)).unwrap();
    };
    for part in ["train", "test"] {
        draw(&root.join(part), "black", 0, 6);
        draw(&root.join(part), "white", 255, 6);
        rewrite(&format!("{part}/black/0.png"), &format!("{part}/black/0.bmp"));
        rewrite(&format!("{part}/white/1.png"), &format!("{part}/white/1.gif"));
        rewrite(&format!("{part}/white/2.png"), &format!("{part}/white/2.pgm"));
        let class = |file: &str| Path::new(part).join("black").join(file);
        fs::rename(root.join(class("3.png")), root.join(class("3.png?width=400"))).unwrap();
        fs::write(root.join(class("notes.txt")), "drawn by hand").unwrap();
    }
    let trained = run("lenet5", &["--device", "cpu", "--epochs", "1", "--data", &folder_of(root)]);
    assert!(stdout(&trained).ends_with("(12 images)\n"));
    assert!(log(&trained).contains(": 2 files are left out: 2 .txt"), "{}", log(&trained));
}
