//! Files that `torch.save` wrote, read by the library `pytorch-reader`: of every age, with state
//! dicts within other dicts, or whole modules as far as their tensors go. Nothing in them is run.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Cursor, Read},
    path::Path,
};

use cnn_core::{Error, Result};
use pytorch_reader::{DType, PytorchReader, Tensor};
use safetensors::Dtype;

use super::container::{Container, Info, Source};

/// The tensors of a file, their values still on disk.
#[derive(Debug)]
pub(super) struct Pth {
    tensors: HashMap<String, Tensor>,
}

impl Pth {
    /// Reads what a file says of its tensors.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Weights`] if it is damaged, or holds what is no tensor of numbers.
    pub(super) fn of(path: &Path, file: Source) -> Result<Pth> {
        let opened = match file {
            Source::Disk(_) => PytorchReader::new(path),
            Source::Memory(contents) => PytorchReader::from_bytes(contents.into_inner().to_vec(), None),
        };
        let unread = |error| Error::weights(path, format!("a file of PyTorch that cannot be read ({error})"));
        let tensors = opened.map_err(unread)?.into_tensors();
        if tensors.is_empty() {
            return Err(Error::weights(path, "a file of PyTorch without a tensor"));
        }
        Ok(Pth { tensors })
    }
}

impl Container for Pth {
    fn tensors(&self) -> BTreeMap<String, Info> {
        let info = |tensor: &Tensor| Info { dtype: dtype(tensor.dtype()), shape: tensor.shape().to_vec() };
        self.tensors.iter().map(|(name, tensor)| (name.clone(), info(tensor))).collect()
    }

    fn metadata(&self, _name: &str) -> Option<&str> {
        None
    }

    fn bytes(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let tensor = self.tensors.get(name).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = tensor.read()?;
        // The library gives numbers as this machine has them.
        if cfg!(target_endian = "big") {
            bytes.chunks_exact_mut(tensor.dtype().size()).for_each(<[u8]>::reverse);
        }
        Ok(Box::new(Cursor::new(bytes)))
    }
}

fn dtype(dtype: DType) -> Dtype {
    match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool => Dtype::BOOL,
    }
}
