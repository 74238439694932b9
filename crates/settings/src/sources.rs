//! Sources of settings and their precedence.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use config::{Config, FileFormat, Format, Map, Source, Value};

use super::{
    config_error::ConfigError,
    dotenv,
    environment::Environment,
    spelling::{self, FILE_SUFFIX, PREFIX},
};

const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// Editors write it at the start of a file, where it would become part of the value.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';
/// Bounds the read: a device file may be endless.
const MAX_FILE_BYTES: u64 = 1 << 20;

#[derive(Clone, Debug, Default)]
pub struct Sources {
    variables: BTreeMap<String, OsString>,
    dotenv: Option<PathBuf>,
    folder: Option<PathBuf>,
}

/// The winning values of all sources, unparsed.
pub(super) struct Collected {
    pub(super) environment: Environment,
    /// By key, such as `server.port`.
    pub(super) values: BTreeMap<String, Value>,
    pub(super) errors: Vec<ConfigError>,
}

impl Sources {
    /// The environment, `.env`, and `config` in the working directory; `ABU_CONFIG_DIR` replaces
    /// `config`.
    pub fn of_process() -> Self {
        Self {
            // Names of settings are ASCII.
            variables: env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
            dotenv: Some(PathBuf::from(".env")),
            folder: Some(PathBuf::from("config")),
        }
    }

    /// Only the built-in settings of the environment.
    pub fn built_in(environment: Environment) -> Self {
        Self::default().variable("ABU_ENV", environment.name())
    }

    /// Sets a variable, replacing one of the same name.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Adds a file of variables; variables of the process override it.
    #[must_use]
    pub fn dotenv(mut self, file: impl Into<PathBuf>) -> Self {
        self.dotenv = Some(file.into());
        self
    }

    pub(super) fn collect(&self) -> Collected {
        let mut errors = Vec::new();
        let variables = self.all_variables(&mut errors);
        let environment = environment(&variables, &mut errors);
        let mut layers = vec![parse_toml(
            "the built-in default.toml",
            DEFAULTS,
            &mut errors,
        )];
        let folder = self.config_folder(&variables, &mut errors);
        layers.extend(from_folder(folder.as_deref(), "default", &mut errors));
        layers.push(parse_toml(
            &format!("the built-in {environment}.toml"),
            environment.built_in(),
            &mut errors,
        ));
        layers.extend(from_folder(
            folder.as_deref(),
            environment.name(),
            &mut errors,
        ));
        let (plain, files) = from_variables(&variables, &known_keys(&layers), &mut errors);
        layers.push(plain);
        layers.push(files);
        let values = merge(layers).unwrap_or_else(|error| {
            errors.push(ConfigError::in_source(
                "the configuration",
                format!("cannot be put together: {error}"),
            ));
            BTreeMap::new()
        });
        Collected {
            environment,
            values,
            errors,
        }
    }

    /// Variables of `.env`, overridden by those of the process.
    fn all_variables(&self, errors: &mut Vec<ConfigError>) -> BTreeMap<String, Variable> {
        let mut all = BTreeMap::new();
        if let Some(file) = &self.dotenv {
            all = dotenv::read(file, errors);
        }
        for (name, value) in &self.variables {
            let variable = Variable {
                value: value.clone(),
                origin: format!("the variable {name}"),
            };
            all.insert(name.clone(), variable);
        }
        all
    }

    /// An explicitly named folder must exist; the default one need not.
    fn config_folder(
        &self,
        variables: &BTreeMap<String, Variable>,
        errors: &mut Vec<ConfigError>,
    ) -> Option<PathBuf> {
        let Some(named) = variables
            .get("ABU_CONFIG_DIR")
            .filter(|named| !named.value.is_empty())
        else {
            return self.folder.clone();
        };
        let folder = PathBuf::from(&named.value);
        if !folder.is_dir() {
            let problem = format!("names no folder: {}", folder.display());
            errors.push(ConfigError::in_source("ABU_CONFIG_DIR", problem));
        }
        Some(folder)
    }
}

/// An environment variable or a line of `.env`.
pub(super) struct Variable {
    pub(super) value: OsString,
    pub(super) origin: String,
}

/// The settings of one source, for `config`.
#[derive(Clone, Debug, Default)]
struct Layer(Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

fn environment(
    variables: &BTreeMap<String, Variable>,
    errors: &mut Vec<ConfigError>,
) -> Environment {
    let Some(variable) = variables
        .get("ABU_ENV")
        .filter(|variable| !variable.value.is_empty())
    else {
        return Environment::Development;
    };
    let known = variable.value.to_str().and_then(Environment::from_name);
    known.unwrap_or_else(|| {
        errors.push(ConfigError {
            subject: "ABU_ENV".to_owned(),
            origin: Some(variable.origin.clone()),
            problem: "must be development, production or test".to_owned(),
            found: Some(format!("{:?}", variable.value)),
        });
        Environment::Development
    })
}

fn from_folder(folder: Option<&Path>, name: &str, errors: &mut Vec<ConfigError>) -> Option<Layer> {
    let path = folder?.join(format!("{name}.toml"));
    let origin = path.display().to_string();
    match fs::read_to_string(&path) {
        Ok(text) => {
            if text.starts_with(BYTE_ORDER_MARK) {
                errors.push(without_mark(&origin));
            }
            let text = text.trim_start_matches(BYTE_ORDER_MARK);
            Some(parse_toml(&origin, text, errors))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            errors.push(ConfigError::in_source(
                origin,
                format!("cannot be read: {error}"),
            ));
            None
        }
    }
}

fn parse_toml(origin: &str, text: &str, errors: &mut Vec<ConfigError>) -> Layer {
    let parsed = FileFormat::Toml.parse(Some(&origin.to_owned()), text);
    parsed.map(Layer).unwrap_or_else(|error| {
        // Only the first line, which has the position: later lines quote the file with its secrets.
        let error = error.to_string();
        let place = error.lines().next().unwrap_or_default();
        errors.push(ConfigError::in_source(
            origin,
            format!("cannot be read: {place}"),
        ));
        Layer::default()
    })
}

pub(super) fn without_mark(origin: &str) -> ConfigError {
    let problem = "begins with a byte-order mark: save it as UTF-8 without one";
    ConfigError::in_source(origin, problem)
}

/// The keys of the built-in defaults, which name every setting.
fn known_keys(layers: &[Layer]) -> BTreeSet<String> {
    let mut flat = BTreeMap::new();
    for (section, value) in layers.first().into_iter().flat_map(|layer| &layer.0) {
        flatten(section, value.clone(), &mut flat);
    }
    flat.into_keys().collect()
}

/// Settings from variables, and those from files that variables name.
fn from_variables(
    variables: &BTreeMap<String, Variable>,
    known: &BTreeSet<String>,
    errors: &mut Vec<ConfigError>,
) -> (Layer, Layer) {
    let (mut plain, mut files) = (Layer::default(), Layer::default());
    for (name, variable) in variables {
        if let Some(mistake) = spelling::mistake(name, known) {
            errors.push(ConfigError::in_source(name, mistake));
            continue;
        }
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let key = rest.to_lowercase().replace("__", ".");
        let plain_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c);
        if !key.chars().all(plain_name) {
            errors.push(ConfigError::in_source(name, "is not the name of a setting"));
            continue;
        }
        let (layer, key, text) = match key.strip_suffix(FILE_SUFFIX) {
            Some(key) => (&mut files, key, read_named_file(variable)),
            None => (&mut plain, key.as_str(), utf8(&variable.value)),
        };
        match text {
            Ok(text) => {
                let value = Value::new(Some(&variable.origin), text);
                layer.0.insert(key.to_owned(), value);
            }
            Err(problem) => errors.push(ConfigError::in_source(name, problem)),
        }
    }
    if let Some(variable) = variables
        .get("RUST_LOG")
        .filter(|variable| !variable.value.is_empty())
    {
        let text = variable.value.to_string_lossy().into_owned();
        let value = Value::new(Some(&variable.origin), text);
        plain.0.insert("log.filter".to_owned(), value);
    }
    (plain, files)
}

fn utf8(value: &OsString) -> Result<String, String> {
    let text = value.to_str().map(str::to_owned);
    text.ok_or_else(|| "must be UTF-8 text".to_owned())
}

/// The file's content without the trailing newline.
fn read_named_file(variable: &Variable) -> Result<String, String> {
    if variable.value.is_empty() {
        return Err("names no file".to_owned());
    }
    let mut text = String::new();
    File::open(&variable.value)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut text))
        .map_err(|error| format!("names a file that cannot be read: {error}"))?;
    if text.starts_with(BYTE_ORDER_MARK) {
        let problem =
            "names a file that begins with a byte-order mark: save it as UTF-8 without one";
        return Err(problem.to_owned());
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Merges the layers; later ones override earlier ones.
fn merge(layers: Vec<Layer>) -> Result<BTreeMap<String, Value>, config::ConfigError> {
    let merged = layers
        .into_iter()
        .fold(Config::builder(), |builder, layer| {
            builder.add_source(layer)
        })
        .build()?;
    let mut flat = BTreeMap::new();
    flatten("", merged.cache, &mut flat);
    Ok(flat)
}

fn flatten(prefix: &str, value: Value, flat: &mut BTreeMap<String, Value>) {
    match value.kind {
        config::ValueKind::Table(table) => {
            for (name, value) in table {
                let key = match prefix {
                    "" => name,
                    _ => format!("{prefix}.{name}"),
                };
                flatten(&key, value, flat);
            }
        }
        _ => {
            flat.insert(prefix.to_owned(), value);
        }
    }
}
