//! Fuzz target of the codec, in every profile and both directions: decoding never panics, a refusal is a
//! sentence, and a decoded packet survives encoding.

#![no_main]

use abu_chat_protocol::server::Error;
use abu_chat_protocol::{ClientPacket, Decoded, Profile, ServerPacket};
use libfuzzer_sys::fuzz_target;

macro_rules! check {
    ($type:ident, $profile:ident, $frame:ident) => {
        match $type::decode_as($profile, $frame) {
            Ok(Decoded::Known {
                packet,
                request_ref,
                ..
            }) => {
                let mut out = Vec::new();
                packet.write_json_with_ref(request_ref.as_ref(), $profile, &mut out);
                let written = String::from_utf8(out).expect("JSON is UTF-8");
                match $type::decode_as($profile, &written) {
                    Ok(Decoded::Known {
                        packet: again,
                        request_ref: ref_again,
                        ..
                    }) => {
                        assert_eq!((again, ref_again), (packet, request_ref), "{written}");
                    }
                    other => panic!("{written} decodes to {other:?}"),
                }
            }
            Ok(Decoded::Unknown(packet)) => {
                ServerPacket::from(Error::unknown_type(&packet.name)).to_json();
            }
            Err(error) => {
                assert!(error.to_string().ends_with('.'));
                ServerPacket::from(Error::from(&error)).to_json();
            }
            Ok(_) => {}
        }
    };
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = std::str::from_utf8(bytes) else {
        return;
    };
    for &profile in Profile::ALL {
        check!(ClientPacket, profile, frame);
        check!(ServerPacket, profile, frame);
    }
});
