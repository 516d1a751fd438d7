use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::*;

fn name(number: usize) -> [u8; 16] {
    (number as u128).to_be_bytes()
}

fn built(docs: &[(i64, usize, Vec<u8>)]) -> Segment {
    let mut builder = Builder::default();
    for (at, number, words) in docs {
        let doc = Doc {
            at: *at,
            message: name(*number),
            thread: name(*number / 2),
        };
        let mut own: WordList = words.iter().map(|w| (word(&format!("w{w}")), *w)).collect();
        own.dedup();
        let pairs: HashMap<usize, Pair> = words
            .windows(2)
            .map(|pair| Pair::new(&format!("w{}", pair[0]), &format!("w{}", pair[1])))
            .map(|pair| (pair.number(), pair))
            .collect();
        let entries = Entries {
            words: own,
            lists: vec![of_inbox(&name(number % 3))],
            pairs: pairs.into_values().collect(),
        };
        builder.add(doc, entries);
    }
    builder.build()
}

/// Every word with the rows and weights of its messages.
fn content(leaves: &Leaves) -> BTreeMap<Vec<u8>, Vec<([u8; 16], u8)>> {
    let docs = all_docs(leaves).unwrap();
    let mut found = BTreeMap::new();
    for (leaf, data) in leaves {
        let mut own = Vec::new();
        entries(leaf, data, &[WORDS], true, &mut own).unwrap();
        for entry in own {
            let mut messages = Vec::new();
            each_doc(&entry.key, entry.stored(), |number, weight| {
                messages.push((docs[number as usize].message, weight));
                ControlFlow::Continue(())
            })
            .unwrap();
            messages.sort_unstable();
            assert!(
                found.insert(entry.key.to_vec(), messages).is_none(),
                "a word is there twice"
            );
        }
    }
    found
}

fn messages() -> impl Strategy<Value = Vec<(i64, usize, Vec<u8>)>> {
    let words = prop::collection::btree_set(0_u8..250, 0..12).prop_map(|w| w.into_iter().collect());
    prop::collection::vec((-5_i64..5, 0_usize..400, words), 0..300).prop_map(|mut docs| {
        let mut seen = HashSet::new();
        docs.retain(|(_, number, _): &(i64, usize, Vec<u8>)| seen.insert(*number));
        docs
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn merged_segments_say_what_one_of_all_living_messages_says(
        docs in messages(), cuts in prop::collection::vec(0_usize..300, 0..5), dead in 0_usize..400,
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(docs.len())).collect();
        cuts.extend([0, docs.len()]);
        cuts.sort_unstable();
        let parts: Vec<Leaves> = cuts.windows(2).map(|w| built(&docs[w[0]..w[1]]).leaves).collect();
        let alive: HashSet<[u8; 16]> =
            docs.iter().map(|(_, number, _)| name(*number)).filter(|n| *n != name(dead)).collect();
        let merged = merge(&parts, &alive).unwrap();
        let living: Vec<_> = docs.iter().filter(|(_, n, _)| *n != dead).cloned().collect();
        let whole = built(&living);
        prop_assert_eq!(&merged.docs, &whole.docs);
        prop_assert_eq!(&merged.leaves, &whole.leaves);
        prop_assert_eq!(content(&merged.leaves), content(&whole.leaves));
        let keys: Vec<&Vec<u8>> = merged.leaves.iter().map(|(key, _)| key).collect();
        prop_assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn damaged_leaves_are_refused_and_never_panic(data in prop::collection::vec(any::<u8>(), 0..60)) {
        for key in [&[WORDS, b'a'][..], &of_pair(Pair::new("a", "b"))] {
            let mut own = Vec::new();
            let _ = entries(&[WORDS], &data, &[WORDS], true, &mut own);
            for entry in own {
                let _ = each_doc(key, entry.stored(), |_, _| ControlFlow::Continue(()));
            }
        }
        let _ = times(&data);
        let _ = docs(&data);
        let _ = merge(&[vec![(vec![WORDS], data.clone())], vec![(vec![DOCS], data)]], &HashSet::new());
    }
}

#[test]
fn a_message_in_two_segments_is_kept_once() {
    let (old, new) = (
        built(&[(1, 1, vec![1, 2])]),
        built(&[(1, 1, vec![2, 3]), (1, 2, vec![1])]),
    );
    let alive = [name(1), name(2)].into();
    let merged = merge(&[new.leaves, old.leaves], &alive).unwrap();
    assert_eq!(merged.docs.len(), 2);
    let content = content(&merged.leaves);
    assert_eq!(content[&word("w1")], [(name(2), 1)]);
    assert_eq!(content[&word("w3")], [(name(1), 3)]);
}

#[test]
fn a_dense_list_is_kept_as_bits_of_the_same_messages() {
    let dense: Posting = (0..1_000).filter(|n| n % 3 != 0).map(|n| (n, 1)).collect();
    let thin: Posting = (0..1_000).map(|n| (n * 1_000, 1)).collect();
    for (key, posting, is_dense) in [
        (of_pod(&[7; 16]), &dense, true),
        (of_pod(&[7; 16]), &thin, false),
        (word("word"), &dense, false),
    ] {
        let found = entry(&key, posting).unwrap();
        let numbers: Vec<u32> = match &found.data {
            Data::Bits(bits) => (0..bits.len() * 64)
                .filter(|n| bits[n / 64] >> (n % 64) & 1 == 1)
                .map(|n| u32::try_from(n).unwrap())
                .collect(),
            Data::Stored(list) => {
                let mut numbers = Vec::new();
                each_doc(&key, list, |number, _| {
                    numbers.push(number);
                    ControlFlow::Continue(())
                })
                .unwrap();
                numbers
            }
        };
        assert_eq!(matches!(found.data, Data::Bits(_)), is_dense);
        assert_eq!(numbers, posting.iter().map(|(n, _)| *n).collect::<Vec<_>>());
    }
}
