//! Names of Nigeria's regions through the whole way: stored, searched, expanded.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::platform::text::every_character;

/// People as the register has them.
const PEOPLE: [&str; 24] = [
    "BELLO, Muhammad Sani",
    "Ɗanjuma Abdul-Ƙadir",
    "Sa'adatu Birnin-Kudu",
    "Hauwa’u Jiɓrin Gusau",
    "Jauro Hammadu Modibbo",
    "Fadimatu Ardo Yola",
    "Adéwálé Ọláyínká Ògúnbánjọ",
    "Ṣadé Fọláṣadé Adéyẹmí",
    "Olúwaṣeun Akinwùnmí",
    "Chukwuemeka Ọkafọ Nwosu",
    "Ngozi Adaeze Ekwueme",
    "Chiamaka Nwachukwu",
    "Bukar Kyari Shettima",
    "Falmata Modu Kachalla",
    "Terhemba Aondoakaa Iorliam",
    "Dooshima Mbakighir",
    "Ndagi Tsado Jiya",
    "Ndanusa Yisa Ndako",
    "Ameh Ochefu Adakole",
    "Enenche Onoja Ejeh",
    "Osagie Omoruyi",
    "Effiong Udoh Nsikak",
    "Gyang Davou Pam",
    "Yohanna Istifanus Kachia",
];

fn people() -> Vec<Name> {
    PEOPLE
        .iter()
        .map(|name| Name::parse(name).unwrap())
        .collect()
}

/// The vocabulary's index: what `name_tokens` of a database is.
fn candidates<'a>(people: &'a [Name], lookup: &Lookup) -> Vec<Candidate<'a>> {
    let mut frequencies = BTreeMap::new();
    for token in people.iter().flat_map(Name::tokens) {
        *frequencies.entry(token).or_insert(0) += 1;
    }
    let is_found = |token: Token<'_>| {
        lookup.tokens.contains(token.as_str())
            || lookup.skeletons.contains(&skeleton(token))
            || deletes(token)
                .iter()
                .any(|delete| lookup.deletes.contains(delete))
    };
    let candidate = |(token, frequency)| Candidate { token, frequency };
    let found = frequencies
        .into_iter()
        .filter(|(token, _)| is_found(*token));
    found.map(candidate).collect()
}

/// The people whose name has a token for each word of the query.
fn found(text: &str) -> Vec<&'static str> {
    let people = people();
    let lexicon = Lexicon::built_in();
    let query = Query::parse(text).unwrap();
    let candidates = candidates(&people, &query.lookup(lexicon));
    let words: Vec<BTreeSet<Token<'_>>> = query
        .words()
        .map(|word| {
            let Expansion { exact, near, far } = expand(word, &candidates, lexicon);
            [exact, near, far].concat().into_iter().collect()
        })
        .collect();
    let has = |name: &Name, meant: &BTreeSet<Token<'_>>| {
        name.tokens().any(|token| meant.contains(&token))
    };
    let fits = |name: &Name| words.iter().all(|meant| has(name, meant));
    let with_text = people.iter().zip(PEOPLE);
    with_text
        .filter(|(name, _)| fits(name))
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn each_name_is_found_as_written_swapped_and_in_capitals() {
    for name in PEOPLE {
        let swapped = Vec::from_iter(name.split(' ').rev()).join(" ");
        let spellings = [name.to_owned(), swapped, name.to_uppercase(), fold(name)];
        for spelling in spellings {
            assert_eq!(found(&spelling), [name], "{spelling}");
        }
    }
}

#[test]
fn variant_spellings_find_the_name() {
    for (query, name) in [
        ("Alhaji Mohammed Bello", "BELLO, Muhammad Sani"),
        ("mohd belo", "BELLO, Muhammad Sani"),
        ("Abdulqadir Danjuma", "Ɗanjuma Abdul-Ƙadir"),
        ("Sadatu Birnin Kudu", "Sa'adatu Birnin-Kudu"),
        ("Jibreel Hawau", "Hauwa’u Jiɓrin Gusau"),
        ("Modibo Jawro", "Jauro Hammadu Modibbo"),
        ("Fadimata Yola", "Fadimatu Ardo Yola"),
        ("Wale Yinka", "Adéwálé Ọláyínká Ògúnbánjọ"),
        ("Chief Mrs Shade Adeyemi", "Ṣadé Fọláṣadé Adéyẹmí"),
        ("Seun Akinwunmi", "Olúwaṣeun Akinwùnmí"),
        ("Engr. Emeka Okafor", "Chukwuemeka Ọkafọ Nwosu"),
        ("Ngozika Ada Ekwueme", "Ngozi Adaeze Ekwueme"),
        ("Amaka Nwachuku", "Chiamaka Nwachukwu"),
        ("Boukar Kiari", "Bukar Kyari Shettima"),
        ("Mal. Shetima Bukar", "Bukar Kyari Shettima"),
        ("Terhember Aondoaka", "Terhemba Aondoakaa Iorliam"),
        ("Doshima Mbakighir", "Dooshima Mbakighir"),
        ("Isa Ndakoh", "Ndanusa Yisa Ndako"),
        ("Eje Onojah", "Enenche Onoja Ejeh"),
        ("Osaghie Omoruyi", "Osagie Omoruyi"),
        ("Efiong Udo", "Effiong Udoh Nsikak"),
        ("Johanna Stephanus", "Yohanna Istifanus Kachia"),
    ] {
        assert_eq!(found(query), [name], "{query}");
    }
}

#[test]
fn misspelt_names_find_the_name() {
    for (query, name) in [
        ("Muhamnad Bello", "BELLO, Muhammad Sani"),
        ("Abdulkadri Danjmua", "Ɗanjuma Abdul-Ƙadir"),
        ("Saadtu Birni Kudu", "Sa'adatu Birnin-Kudu"),
        ("Hauau Jibrn", "Hauwa’u Jiɓrin Gusau"),
        ("Adewlae Ogunbajo", "Adéwálé Ọláyínká Ògúnbánjọ"),
        ("Folashde Adeyeni", "Ṣadé Fọláṣadé Adéyẹmí"),
        ("Chukwemeka Nwsou", "Chukwuemeka Ọkafọ Nwosu"),
        ("Ekwume Ngosi", "Ngozi Adaeze Ekwueme"),
        ("Kyarri Bukr", "Bukar Kyari Shettima"),
        ("Terhenba Iorlim", "Terhemba Aondoakaa Iorliam"),
        ("Mbakigir Dooshma", "Dooshima Mbakighir"),
        ("Ndaggi Tsaddo", "Ndagi Tsado Jiya"),
        ("Ocheffu Adakolle", "Ameh Ochefu Adakole"),
        ("Enench Onja", "Enenche Onoja Ejeh"),
        ("Gyan Dabou", "Gyang Davou Pam"),
        ("Yohana Istifnus", "Yohanna Istifanus Kachia"),
    ] {
        assert_eq!(found(query), [name], "{query}");
    }
}

#[test]
fn another_name_finds_no_one() {
    for query in ["Ibrahim Yusuf", "Bello Danjuma", "Okonkwo", "Xyz"] {
        assert_eq!(found(query), [""; 0], "{query}");
    }
}

/// FNV-1a, so that the sum depends on no other crate.
fn checksum(texts: impl Iterator<Item = String>) -> u64 {
    let bytes = texts.flat_map(|text| [text.into_bytes(), vec![0]].concat());
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[test]
fn a_change_of_what_is_stored_raises_the_version() {
    let folds = every_character().map(|c| fold(&format!("a{c}b")));
    let starts = ["abd al ", "al-", "M. ", "chu", "pha", "oluwa", "q", "xz"];
    let ends = [
        "ckwu", "nana", "rahman", "h", "shaffi", "yinka", "vv", "ibn",
    ];
    let pairs = starts
        .iter()
        .flat_map(|start| ends.map(|end| format!("{end} {start}{end}")));
    let derived = pairs.flat_map(|text| {
        let name = Name::parse(&text).unwrap();
        let of_token = |token| [deletes(token), vec![skeleton(token)]].concat();
        let mut texts: Vec<String> = name.tokens().flat_map(of_token).collect();
        texts.extend([name.key().to_owned(), name.set()]);
        texts
    });
    assert_eq!(
        (VERSION, checksum(folds.chain(derived))),
        (1, 8_314_245_307_286_738_584)
    );
}
