//! Generates the documentation from the types, and deletes stale JSON Schemas.
//! `cargo run -p abu-chat-protocol --features schema --example generate-documents`

use std::fs;
use std::io;
use std::path::Path;

use abu_chat_protocol::documents;

fn main() -> io::Result<()> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = crate_folder.join("../../docs/protocol");
    if folder.join("json-schema").exists() {
        fs::remove_dir_all(folder.join("json-schema"))?;
    }
    for document in documents::all() {
        let path = folder.join(document.path);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(path, document.text)?;
    }
    let readme = crate_folder.join("README.md");
    fs::write(
        &readme,
        documents::with_packet_table(&fs::read_to_string(&readme)?),
    )
}
