use super::*;

/// Policies that differ in each rule, made from the bits of a number.
fn policy(seed: u64) -> Policy {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % most
    };
    let mut rule = || match next(4) {
        0 => None,
        1 => Some(Rule::Allow),
        2 => Some(Rule::Hold),
        _ => Some(Rule::Refuse),
    };
    let (send, new_recipients, attachments, links, other_recipients) =
        (rule(), rule(), rule(), rule(), rule());
    let names = ["a.test", "ann@b.test", "*.c.test", "d.test"];
    let listed = next(32);
    let chosen = names.iter().enumerate();
    let chosen = chosen.filter(|(bit, _)| listed >> bit & 1 == 1);
    let chosen: Vec<String> = chosen.map(|(_, name)| (*name).to_owned()).collect();
    let caps = [0, 1, 5];
    let mut cap = || caps.get(usize::try_from(next(4)).unwrap()).copied();
    let (per_minute, per_hour, per_day) = (cap(), cap(), cap());
    Policy {
        send,
        recipients: (listed >= 16).then_some(chosen),
        other_recipients,
        new_recipients,
        attachments,
        links,
        per_minute,
        per_hour,
        per_day,
        quiet_hours: (next(3) == 0).then_some(QuietHours {
            from: 60,
            until: 120,
            utc_offset: 0,
        }),
        taint: [None, Some(Switch::On), Some(Switch::Off)][usize::try_from(next(3)).unwrap()],
        turns_per_thread: [None, Some(1), Some(5)][usize::try_from(next(3)).unwrap()],
        turns_per_peer: [None, Some(1), Some(5)][usize::try_from(next(3)).unwrap()],
        turns_per_pair: [None, Some(1), Some(5)][usize::try_from(next(3)).unwrap()],
        approvers: match next(4) {
            0 | 1 => None,
            2 => Some(vec!["Ann@b.test".to_owned()]),
            _ => Some(vec!["bob@b.test".to_owned(), "ann@B.test".to_owned()]),
        },
    }
    .checked()
    .unwrap()
}

fn addresses() -> Vec<Address> {
    let texts = [
        "x@a.test",
        "ann@b.test",
        "bob@b.test",
        "x@s.c.test",
        "x@c.test",
        "x@d.test",
    ];
    texts
        .iter()
        .map(|text| Address::parse(text).unwrap())
        .collect()
}

/// Whether `own` lets leave only what `other` lets leave.
fn within(own: &Effective, other: &Effective) -> bool {
    let cap = |own: Option<u32>, other: Option<u32>| {
        other.is_none_or(|other| own.is_some_and(|own| own <= other))
    };
    own.send >= other.send
        && own.new_recipients >= other.new_recipients
        && own.attachments >= other.attachments
        && own.links >= other.links
        && cap(own.per_minute, other.per_minute)
        && cap(own.per_hour, other.per_hour)
        && cap(own.per_day, other.per_day)
        && other
            .quiet_hours
            .iter()
            .all(|hours| own.quiet_hours.contains(hours))
        && cap(own.turns_per_thread, other.turns_per_thread)
        && cap(own.turns_per_peer, other.turns_per_peer)
        && cap(own.turns_per_pair, other.turns_per_pair)
        && other.approvers.as_ref().is_none_or(|other| {
            let own = own.approvers.as_ref();
            own.is_some_and(|own| own.iter().all(|one| other.contains(one)))
        })
        && (other.taint != Some(Switch::On) || own.taint == Some(Switch::On))
        && addresses()
            .iter()
            .all(|address| own.recipient(address) >= other.recipient(address))
}

#[test]
fn another_level_only_tightens() {
    for seed in 0..4_000 {
        let (a, b) = (policy(seed), policy(seed + 10_000));
        let (one, both) = (Effective::of([&a]), Effective::of([&a, &b]));
        assert!(within(&both, &one), "{a:?} and {b:?}");
        assert!(within(&both, &Effective::of([&b])), "{a:?} and {b:?}");
    }
}

#[test]
fn the_order_of_levels_and_repetition_make_no_difference() {
    for seed in 0..2_000 {
        let [a, b, c] = [seed, seed + 10_000, seed + 20_000].map(policy);
        let there = Effective::of([&a, &b, &c]);
        let back = Effective::of([&c, &a, &b, &a]);
        assert!(
            within(&there, &back) && within(&back, &there),
            "{a:?} {b:?} {c:?}"
        );
    }
}

#[test]
fn what_is_called_no_looser_lets_no_more_leave() {
    let mut found = 0;
    for seed in 0..40_000 {
        let (mut own, before) = (policy(seed), policy(seed % 97));
        // Most pairs differ in some rule; a change of few rules is what people make.
        if seed % 2 == 0 {
            own = Policy {
                links: own.links,
                attachments: own.attachments,
                ..before.clone()
            };
        }
        if own.is_no_looser_than(&before) {
            found += 1;
            let (own, before) = (Effective::of([&own]), Effective::of([&before]));
            assert!(within(&own, &before), "{own:?} {before:?}");
        }
    }
    assert!(found > 1_000, "{found}");
}

#[test]
fn taint_is_switched_off_only_where_no_level_wants_it() {
    let with = |taint| Policy {
        taint,
        ..Policy::default()
    };
    let (on, off, none) = (with(Some(Switch::On)), with(Some(Switch::Off)), with(None));
    assert_eq!(Effective::of([&off, &on]).taint, Some(Switch::On));
    assert_eq!(Effective::of([&none, &off]).taint, Some(Switch::Off));
    assert_eq!(Effective::of([&none]).taint, None);
    assert!(!off.is_no_looser_than(&none));
    assert!(on.is_no_looser_than(&off));
}

#[test]
fn naming_an_approver_loosens_and_a_narrower_level_can_only_leave_one_out() {
    let with = |approvers: Option<&[&str]>| {
        let approvers = approvers.map(|list| list.iter().map(|one| (*one).to_owned()).collect());
        Policy {
            approvers,
            ..Policy::default()
        }
        .checked()
        .unwrap()
    };
    let (none, nobody) = (with(None), with(Some(&[])));
    let (ann, both) = (
        with(Some(&["Ann@A.test"])),
        with(Some(&["bob@a.test", "ann@a.test"])),
    );
    assert!(!ann.is_no_looser_than(&none) && !both.is_no_looser_than(&ann));
    assert!(ann.is_no_looser_than(&both) && nobody.is_no_looser_than(&ann));
    assert!(nobody.is_no_looser_than(&none));
    // What is gone may have named fewer than the levels above it.
    assert!(!none.is_no_looser_than(&ann) && !none.is_no_looser_than(&nobody));
    let of = |levels: &[&Policy]| Effective::of(levels.iter().copied()).approvers;
    assert_eq!(of(&[&none, &none]), None);
    assert_eq!(of(&[&ann, &both]), Some(vec!["ann@a.test".to_owned()]));
    assert_eq!(of(&[&both, &none, &nobody]), Some(Vec::new()));
    let wrong = Policy {
        approvers: Some(vec!["a.test".to_owned()]),
        ..Policy::default()
    };
    assert!(wrong.checked().is_err());
}

#[test]
fn quiet_hours_may_go_over_midnight_and_follow_a_clock() {
    let night = QuietHours {
        from: 22 * 60,
        until: 6 * 60,
        utc_offset: 60,
    };
    let at = |hour: i64| night.has(hour * 3600);
    // 22:00 with an offset of an hour is 21:00 UTC.
    assert!(!at(20) && at(21) && at(23) && at(0) && at(4) && !at(5));
    assert!(
        !QuietHours {
            from: 60,
            until: 60,
            utc_offset: 0
        }
        .has(3600)
    );
}

#[test]
fn presets_are_the_four_that_people_know() {
    let recipient = Address::parse("ann@b.test").unwrap();
    let of = |name| Effective::of([&Preset::parse(name).unwrap().policy()]);
    assert_eq!(of("open").send, Rule::Allow);
    assert_eq!(of("human_in_the_loop").send, Rule::Hold);
    assert_eq!(of("read_only").send, Rule::Refuse);
    assert_eq!(of("allow_list").recipient(&recipient), Rule::Refuse);
    assert_eq!(Preset::parse("x"), None);
}
