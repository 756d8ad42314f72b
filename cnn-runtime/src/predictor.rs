//! A network that many threads ask at once: the weights are there once, and each call that runs at
//! the same time as others has an arena of its own.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cnn_core::{DataInfo, Result};

#[cfg(feature = "data")]
use crate::{
    data::{Image, Preparation},
    prediction::Prediction,
};
use crate::{
    device::Device,
    network::Model,
    plan::Description,
    session::{Options, Session},
    weights,
};

/// Answers from weights that nobody changes. Copies share everything.
///
/// ```no_run
/// # fn example<Net: cnn_runtime::Network>() -> cnn_runtime::Result<()> {
/// use cnn_runtime::{Device, Model, Predictor};
///
/// let weights = std::path::Path::new("best.safetensors");
/// let predictor = Predictor::open(Model::of::<Net>(), &Device::cpu()?, weights)?;
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| predictor.infer(&[0.5; 784]));
///     }
/// });
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Predictor {
    shared: Arc<Shared>,
}

struct Shared {
    description: &'static Description,
    data_info: DataInfo,
    #[cfg(feature = "data")]
    preparation: Preparation,
    sessions: Mutex<Sessions>,
}

/// Sessions on the same parameters.
struct Sessions {
    /// The session whose parameters the others share. It does not run here, so that on the CPU its
    /// arena takes no memory unless it ran before.
    origin: Session,
    idle: Vec<Session>,
}

impl Predictor {
    /// A predictor with the weights of a file, which holds the statistics of the data too.
    ///
    /// # Errors
    ///
    /// As [`weights::load`], and as [`Predictor::new`].
    pub fn open(model: Model, device: &Device, weights: &Path) -> Result<Predictor> {
        let mut session = Session::zeroed(model, device, &Options::infer(1))?;
        weights::load(&mut session, weights)?;
        Predictor::new(session)
    }

    /// A predictor with weights that are part of the program: the contents of their file, as
    /// `include_bytes!` has them.
    ///
    /// # Errors
    ///
    /// As [`weights::load_bytes`], and as [`Predictor::new`].
    pub fn from_bytes(model: Model, device: &Device, weights: &[u8]) -> Result<Predictor> {
        let mut session = Session::zeroed(model, device, &Options::infer(1))?;
        weights::load_bytes(&mut session, weights)?;
        Predictor::new(session)
    }

    /// A predictor with the weights of a session, which takes as many images at a time.
    ///
    /// # Errors
    ///
    /// [`cnn_core::Error::Usage`] if the session was made for training, or lacks statistics that its
    /// network's `data { }` asks for;
    /// [`cnn_core::Error::Device`] if there is too little memory.
    pub fn new(session: Session) -> Result<Predictor> {
        let description = session.description();
        let data_info = session.data_info().clone();
        #[cfg(feature = "data")]
        let preparation = Preparation::new(description, data_info.statistics().to_vec())?;
        let sessions = Sessions { idle: vec![session.share()?], origin: session };
        Ok(Predictor {
            shared: Arc::new(Shared {
                description,
                data_info,
                #[cfg(feature = "data")]
                preparation,
                sessions: Mutex::new(sessions),
            }),
        })
    }

    /// The network's tables.
    pub fn description(&self) -> &'static Description {
        self.shared.description
    }

    /// Statistics of the data and names of the outputs, as they came with the weights.
    pub fn data_info(&self) -> &DataInfo {
        &self.shared.data_info
    }

    /// The outputs for images that are prepared, planar and one after the other: of each image the
    /// scores of its classes or labels, or its values. Any number of threads may call this at a
    /// time; the first calls of so many take the memory for another arena.
    ///
    /// # Errors
    ///
    /// As [`Session::infer`], and [`cnn_core::Error::Device`] if there is too little memory.
    pub fn infer(&self, images: &[f32]) -> Result<Vec<f32>> {
        let description = self.shared.description;
        let image: usize = description.image_shape().iter().product();
        let mut session = self.take()?;
        // The session refuses more images than its batch: there is no need of memory for them.
        let samples = (images.len() / image.max(1)).min(session.batch());
        let mut outputs = vec![0.0; samples * description.output_len()];
        let result = session.infer(images, &mut outputs);
        self.sessions().idle.push(session);
        result.map(|()| outputs)
    }

    /// The answer to an image of any size, with pixels from 0 to 255: it is prepared as the
    /// network's `data { }` says, and is left as it was prepared.
    ///
    /// # Errors
    ///
    /// As [`Predictor::infer`].
    #[cfg(feature = "data")]
    pub fn predict(&self, image: &mut Image) -> Result<Prediction> {
        self.shared.preparation.per_image(image, None)?;
        self.shared.preparation.per_batch(image.values_mut())?;
        let outputs = self.infer(image.values())?;
        Ok(Prediction::new(self.shared.description, self.shared.data_info.classes(), &outputs))
    }

    /// A session that is idle, or another one.
    fn take(&self) -> Result<Session> {
        let mut sessions = self.sessions();
        match sessions.idle.pop() {
            Some(session) => Ok(session),
            None => sessions.origin.share(),
        }
    }

    /// What a thread that panicked left behind is whole: a session is taken out while it runs.
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Predictor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predictor").field("network", &self.shared.description.name).finish_non_exhaustive()
    }
}

/// Threads may share a predictor.
const _: () = {
    const fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<Predictor>();
};
