use super::*;
use crate::config::RateLimitConfig;
use crate::egress::governor::quota_report::QuotaReport;
use crate::egress::governor::quotas::MAX_WINDOWS;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn pace(config: &RateLimitConfig) -> Pace {
    Pace::of(config)
}

fn even(reserve: u32) -> Pace {
    pace(&RateLimitConfig {
        reserve,
        pace_below: 100,
        ..RateLimitConfig::default()
    })
}

fn quota(limit: u64, remaining: u64, reset: Duration) -> QuotaReport {
    QuotaReport {
        name: "x-ratelimit".into(),
        limit: Some(limit),
        remaining,
        reset: Some(reset),
        window: None,
        form: QuotaForm::Window,
        is_weighted: false,
        is_of_some_calls: false,
    }
}

fn answer(status: u16, quotas: Vec<QuotaReport>, retry_after: Option<Duration>) -> CallOutcome {
    let observed = QuotaReadings {
        quotas,
        retry_after,
        ..QuotaReadings::default()
    };
    CallOutcome::Answered {
        status,
        verdict: ResponseVerdict::of(status, &observed),
        observed,
    }
}

fn stated(limit: u64, remaining: u64, reset: Duration) -> CallOutcome {
    answer(200, vec![quota(limit, remaining, reset)], None)
}

fn silent() -> CallOutcome {
    answer(200, Vec::new(), None)
}

/// A ledger whose first call has just been answered like this.
fn after(ending: CallOutcome, pace: &Pace) -> (Ledger, Instant) {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    let ticket = ledger.admit(pace, now).unwrap();
    ledger.settle(ticket, ending, pace, DAY, now);
    (ledger, now)
}

#[test]
fn without_any_quota_no_call_is_held() {
    let pace = Pace::of(&RateLimitConfig::default());
    let (mut ledger, now) = after(silent(), &pace);
    for _ in 0..10_000 {
        assert!(ledger.admit(&pace, now).is_ok());
    }
    assert!(ledger.quotas.are_unknown());
}

#[test]
fn a_wait_names_who_allows_no_call() {
    let none = Pace::of(&RateLimitConfig::default());
    let slow = pace(&RateLimitConfig {
        rate: Some("1/h".parse().unwrap()),
        ..RateLimitConfig::default()
    });
    let refused = || answer(429, Vec::new(), Some(SECOND));
    for (ending, pace, expected) in [
        (stated(10, 0, SECOND * 10), &none, QuotaSource::Headers),
        (refused(), &none, QuotaSource::Refusal),
        (silent(), &slow, QuotaSource::Configuration),
        (stated(10, 0, DAY), &slow, QuotaSource::Headers),
        (
            stated(10, 0, SECOND * 10),
            &slow,
            QuotaSource::Configuration,
        ),
    ] {
        let (ledger, now) = after(ending, pace);
        assert!(ledger.earliest(pace, 0, now).is_some());
        assert_eq!(ledger.source(pace, 0), expected);
    }
}

#[test]
fn one_call_is_sent_first_while_nothing_is_known() {
    let pace = Pace::of(&RateLimitConfig::default());
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    let first = ledger.admit(&pace, now).unwrap();
    assert_eq!(ledger.admit(&pace, now), Err(now + PATIENCE));
    assert_eq!(
        ledger.earliest(&pace, 0, now),
        None,
        "it may be answered at once"
    );
    let second = ledger.admit(&pace, now + PATIENCE).unwrap();
    assert!(ledger.admit(&pace, now + PATIENCE).is_err());
    ledger.settle(first, CallOutcome::Unanswered, &pace, DAY, now + PATIENCE);
    assert!(
        ledger.admit(&pace, now + PATIENCE).is_err(),
        "the second is still waited for"
    );
    ledger.settle(second, silent(), &pace, DAY, now + PATIENCE);
    assert!(ledger.admit(&pace, now + PATIENCE).is_ok());
    assert!(ledger.admit(&pace, now + PATIENCE).is_ok());
}

#[test]
fn remainder_is_spent_evenly_up_to_the_reset() {
    let pace = even(0);
    let (mut ledger, now) = after(stated(10, 9, SECOND * 10), &pace);
    let mut at = Vec::new();
    let mut time = now;
    while at.len() < 9 {
        match ledger.admit(&pace, time) {
            Ok(ticket) => {
                at.push(time - now);
                let remaining = 9 - u64::try_from(at.len()).unwrap();
                let reset = SECOND * 10 - (time - now);
                ledger.settle(ticket, stated(10, remaining, reset), &pace, DAY, time);
            }
            Err(due) => time = due,
        }
    }
    for (number, time) in at.iter().enumerate() {
        let even = (number + 1) as f64;
        assert!((time.as_secs_f64() - even).abs() < 0.1, "{at:?}");
    }
    let due = ledger.admit(&pace, time).unwrap_err();
    assert!(
        due >= now + SECOND * 10 && due <= now + SECOND * 11,
        "{:?}",
        due - now
    );
    assert!(ledger.admit(&pace, due).is_ok());
    assert!(ledger.admit(&pace, due).is_err(), "only one is sent again");
}

#[test]
fn first_half_is_spent_without_delay() {
    let pace = Pace::of(&RateLimitConfig::default());
    let (mut ledger, now) = after(stated(100, 99, HOUR), &pace);
    let made = (0..100)
        .take_while(|_| ledger.admit(&pace, now).is_ok())
        .count();
    assert_eq!(made, 50, "with the first one, 51 of 100 are spent");
}

#[test]
fn reserve_is_not_spent() {
    let pace = pace(&RateLimitConfig {
        reserve: 5,
        pace_below: 0,
        ..RateLimitConfig::default()
    });
    let (mut ledger, now) = after(stated(100, 8, HOUR), &pace);
    for _ in 0..3 {
        assert!(ledger.admit(&pace, now).is_ok());
    }
    assert!(ledger.admit(&pace, now).unwrap_err() >= now + HOUR);
}

#[test]
fn calls_under_way_count_until_their_response_says_otherwise() {
    let pace = pace(&RateLimitConfig {
        pace_below: 0,
        ..RateLimitConfig::default()
    });
    let (mut ledger, now) = after(stated(10, 3, HOUR), &pace);
    let tickets: Vec<_> = (0..3).map(|_| ledger.admit(&pace, now).unwrap()).collect();
    assert!(ledger.admit(&pace, now).is_err());
    // The calls overtake each other: the last response isn't the lowest count.
    for (ticket, remaining) in tickets.into_iter().zip([0, 2, 1]) {
        ledger.settle(ticket, stated(10, remaining, HOUR), &pace, DAY, now);
        assert!(ledger.admit(&pace, now).is_err(), "{remaining}");
    }
}

#[test]
fn calls_without_a_response_count_as_spent() {
    let pace = even(0);
    for ending in [CallOutcome::Unanswered, silent()] {
        let (mut ledger, now) = after(stated(10, 1, HOUR), &pace);
        let time = ledger.admit(&pace, now).unwrap_err();
        let ticket = ledger.admit(&pace, time).unwrap();
        ledger.settle(ticket, ending, &pace, DAY, time);
        assert!(ledger.admit(&pace, time).unwrap_err() >= now + HOUR);
    }
    let (mut ledger, now) = after(stated(10, 1, HOUR), &pace);
    let time = ledger.admit(&pace, now).unwrap_err();
    let ticket = ledger.admit(&pace, time).unwrap();
    ledger.settle(ticket, CallOutcome::Unmade, &pace, DAY, time);
    assert!(ledger.admit(&pace, time).unwrap_err() < now + HOUR);
}

#[test]
fn refusal_is_waited_out_for_its_stated_time() {
    let pace = Pace::of(&RateLimitConfig::default());
    let spent = |reset| vec![quota(10, 0, reset)];
    for (status, quotas, retry_after, wait) in [
        (429, vec![], Some(SECOND * 7), SECOND * 7),
        (503, vec![], Some(SECOND * 7), SECOND * 7),
        (403, vec![], Some(SECOND * 7), SECOND * 7),
        (403, spent(SECOND * 9), None, SECOND * 9),
        (429, spent(SECOND * 9), None, SECOND * 9),
        (429, spent(SECOND * 9), Some(SECOND * 7), SECOND * 9),
        (429, vec![], None, FIRST_PAUSE),
        (429, vec![], Some(Duration::ZERO), FIRST_PAUSE),
        (429, vec![], Some(SECOND * 99_999_999), DAY),
        (429, vec![], Some(Duration::MAX), DAY),
        (429, spent(Duration::MAX), None, DAY),
    ] {
        let (mut ledger, now) = after(answer(status, quotas, retry_after), &pace);
        let due = ledger.admit(&pace, now).unwrap_err();
        let late = due - now - wait;
        assert!(late <= SECOND, "{status} {retry_after:?}: {late:?}");
        assert!(ledger.admit(&pace, due).is_ok());
        assert!(ledger.admit(&pace, due).is_err(), "only one is sent");
    }
    for (status, retry_after) in [(503, None), (404, Some(SECOND)), (200, Some(SECOND))] {
        let (mut ledger, now) = after(answer(status, vec![], retry_after), &pace);
        assert!(ledger.admit(&pace, now).is_ok(), "{status}");
    }
}

#[test]
fn refusals_without_a_stated_time_are_waited_out_longer_and_longer() {
    let pace = Pace::of(&RateLimitConfig::default());
    let (mut ledger, mut now) = after(silent(), &pace);
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        // Calls that are refused together are one refusal.
        let tickets: Vec<_> = (0..5)
            .map_while(|_| ledger.admit(&pace, now).ok())
            .collect();
        assert!(!tickets.is_empty());
        for ticket in tickets {
            assert!(ledger.settle(ticket, answer(429, vec![], None), &pace, DAY, now));
        }
        let due = ledger.admit(&pace, now).unwrap_err();
        assert_eq!(due - now, SECOND * seconds);
        now = due;
    }
    let ticket = ledger.admit(&pace, now).unwrap();
    ledger.settle(ticket, silent(), &pace, DAY, now);
    let ticket = ledger.admit(&pace, now).unwrap();
    ledger.settle(ticket, answer(429, vec![], None), &pace, DAY, now);
    assert_eq!(ledger.admit(&pace, now).unwrap_err() - now, SECOND);
}

#[test]
fn headers_that_contradict_the_clock_or_each_other_hold_nothing_for_long() {
    let pace = even(0);
    for (limit, remaining, reset, most) in [
        (100, 0, Duration::ZERO, SECOND * 2),
        (0, 100, HOUR, HOUR / 50),
        (5, 100, HOUR, HOUR / 50),
        (u64::MAX, u64::MAX, Duration::MAX, SECOND),
        (u64::MAX, 0, Duration::MAX, DAY + SECOND),
        (0, 0, Duration::MAX, DAY + SECOND),
    ] {
        let (mut ledger, now) = after(stated(limit, remaining, reset), &pace);
        let due = ledger.admit(&pace, now).map_or_else(|due| due, |_| now);
        assert!(
            due - now <= most,
            "{limit} {remaining} {reset:?}: {:?}",
            due - now
        );
        assert!(
            ledger
                .due(&pace, u32::MAX, now)
                .is_none_or(|due| due >= now)
        );
    }
}

#[test]
fn several_quotas_hold_together() {
    let pace = pace(&RateLimitConfig {
        pace_below: 0,
        ..RateLimitConfig::default()
    });
    let named = |name: &'static str, remaining, reset| QuotaReport {
        name: name.into(),
        ..quota(100, remaining, reset)
    };
    let quotas = vec![named("second", 2, SECOND), named("day", 3, HOUR)];
    let (mut ledger, now) = after(answer(200, quotas, None), &pace);
    assert!(ledger.admit(&pace, now).is_ok());
    assert!(ledger.admit(&pace, now).is_ok());
    let due = ledger.admit(&pace, now).unwrap_err();
    assert!(due < now + SECOND * 2, "the second's");
    assert!(ledger.admit(&pace, due).is_ok());
    assert!(
        ledger.admit(&pace, due + PATIENCE).unwrap_err() >= now + HOUR,
        "the day's"
    );
}

#[test]
fn quotas_of_ever_new_names_are_not_kept() {
    let pace = Pace::of(&RateLimitConfig::default());
    let (mut ledger, now) = after(silent(), &pace);
    for number in 0..1000 {
        let quota = QuotaReport {
            name: format!("policy-{number}").into(),
            ..quota(1_000_000, 1_000_000, HOUR)
        };
        let ticket = ledger.admit(&pace, now).unwrap();
        ledger.settle(ticket, answer(200, vec![quota], None), &pace, DAY, now);
    }
    assert_eq!(ledger.quotas.windows(), MAX_WINDOWS);
}

#[test]
fn quota_that_is_no_longer_stated_is_forgotten_after_its_reset() {
    let pace = even(0);
    let (mut ledger, now) = after(stated(10, 0, SECOND), &pace);
    let later = now + SECOND * 3;
    let ticket = ledger.admit(&pace, later).unwrap();
    ledger.settle(ticket, silent(), &pace, DAY, later);
    assert!(ledger.quotas.are_unknown());
    assert!((0..100).all(|_| ledger.admit(&pace, later).is_ok()));
    assert!(!ledger.is_idle(later), "they are under way");
}

#[test]
fn response_from_a_cache_never_raises_the_remainder() {
    let pace = even(0);
    for (age, is_held) in [(Duration::ZERO, false), (SECOND * 30, true)] {
        let (mut ledger, now) = after(stated(100, 0, HOUR), &pace);
        let later = now + SECOND;
        let ticket = ledger.take_up(later);
        let observed = QuotaReadings {
            quotas: vec![quota(100, 90, HOUR)],
            age,
            ..QuotaReadings::default()
        };
        let ending = CallOutcome::Answered {
            status: 200,
            verdict: ResponseVerdict::Answer,
            observed,
        };
        ledger.settle(ticket, ending, &pace, DAY, later);
        let due = ledger.due(&pace, 0, later);
        assert_eq!(due.is_some_and(|due| due >= now + HOUR), is_held, "{age:?}");
    }
}

#[test]
fn no_response_holds_a_call_for_longer_than_the_longest_wait() {
    let pace = even(0);
    let unstated = QuotaReport {
        reset: None,
        window: Some(DAY),
        ..quota(100, 0, HOUR)
    };
    for ending in [
        stated(100, 0, HOUR * 20),
        answer(200, vec![unstated], None),
        answer(429, vec![], Some(HOUR * 20)),
        answer(429, vec![quota(100, 0, HOUR * 20)], None),
    ] {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        let ticket = ledger.admit(&pace, now).unwrap();
        ledger.settle(ticket, ending, &pace, HOUR, now);
        let due = ledger.admit(&pace, now).unwrap_err();
        assert_eq!(due - now, HOUR);
        assert!(ledger.admit(&pace, due).is_ok());
        assert!(ledger.admit(&pace, due).is_err(), "only one is sent");
    }
    // The remainder is still spread over the whole window.
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    let ticket = ledger.admit(&pace, now).unwrap();
    ledger.settle(ticket, stated(100, 39, HOUR * 20), &pace, HOUR, now);
    let due = ledger.admit(&pace, now).unwrap_err();
    assert!(
        (HOUR * 29 / 60..HOUR * 31 / 60).contains(&(due - now)),
        "{:?}",
        due - now
    );
}

#[test]
fn quotas_of_every_form_are_bounded_in_number() {
    let pace = Pace::of(&RateLimitConfig::default());
    let (mut ledger, now) = after(silent(), &pace);
    for number in 0..100 {
        let bucket = QuotaReport {
            name: format!("bucket-{number}").into(),
            reset: None,
            form: QuotaForm::Bucket(None),
            ..quota(1000, 1000, HOUR)
        };
        let ticket = ledger.admit(&pace, now).unwrap();
        ledger.settle(ticket, answer(200, vec![bucket], None), &pace, DAY, now);
    }
    assert_eq!(ledger.quotas.buckets(), MAX_WINDOWS);
}

#[test]
fn call_whose_response_states_a_rate_is_its_first_one() {
    let pace = Pace::of(&RateLimitConfig::default());
    let rate = |interval| QuotaReport {
        reset: None,
        form: QuotaForm::Rate(interval),
        ..quota(1, 1, HOUR)
    };
    let stated = |interval| answer(200, vec![rate(interval)], None);
    let (mut ledger, now) = after(stated(SECOND * 100), &pace);
    let due = ledger.admit(&pace, now).unwrap_err();
    let later = due.saturating_duration_since(now);
    assert!((SECOND * 99..=SECOND * 102).contains(&later), "{later:?}");
    let ticket = ledger.admit(&pace, due).unwrap();
    ledger.settle(ticket, stated(SECOND * 100), &pace, DAY, due);
    let next = ledger.admit(&pace, due).unwrap_err();
    assert_eq!(next, due + SECOND * 101, "it is counted once");
}

#[test]
fn refusals_of_calls_at_once_are_recognized_by_what_they_omit() {
    let pace = Pace::of(&RateLimitConfig::default());
    let named = || {
        let observed = QuotaReadings {
            is_of_calls_at_once: true,
            ..QuotaReadings::default()
        };
        CallOutcome::Answered {
            status: 429,
            verdict: ResponseVerdict::RateLimit(Some(SECOND)),
            observed,
        }
    };
    let fewer = Some(AtOnceNews {
        most: 4,
        is_refusal: true,
    });
    for (ending, news) in [
        (answer(429, vec![], None), fewer),
        (named(), fewer),
        (answer(429, vec![], Some(SECOND)), None),
        (answer(429, vec![quota(100, 0, HOUR)], None), None),
        (answer(503, vec![], None), None),
        (silent(), None),
    ] {
        let (mut ledger, now) = after(silent(), &pace);
        let tickets: Vec<_> = (0..8).map(|_| ledger.admit(&pace, now).unwrap()).collect();
        let text = format!("{ending:?}");
        ledger.settle(tickets[7], ending, &pace, DAY, now);
        assert_eq!(ledger.news(), news, "{text}");
        assert_eq!(ledger.news(), None, "once");
    }
}

fn endings() -> impl Strategy<Value = Option<(u16, u64, u64, u64, Option<u64>)>> {
    let statuses = proptest::sample::select(vec![200_u16, 404, 429, 500, 503]);
    let number = prop_oneof![0..20_u64, Just(u64::MAX), any::<u64>()];
    proptest::option::of((
        statuses,
        number.clone(),
        number.clone(),
        number.clone(),
        proptest::option::of(number),
    ))
}

proptest! {
    /// Whatever an API says, a call is due within the longest wait (and the second around a reset).
    #[test]
    fn no_api_can_hold_calls_forever(
        endings in proptest::collection::vec((endings(), 0..5_000_u64), 1..60),
        reserve in 0..3_u32,
        pace_below in 0..=100_u32,
    ) {
        let pace = pace(&RateLimitConfig { reserve, pace_below, ..RateLimitConfig::default() });
        let longest = SECOND * 600;
        let (mut ledger, mut now) = (Ledger::default(), Instant::now());
        let mut under_way = Vec::new();
        for (ending, milliseconds) in endings {
            now += Duration::from_millis(milliseconds);
            let due = ledger.admit(&pace, now);
            if let Err(due) = due {
                prop_assert!(due - now <= longest + SECOND * 2, "{:?}", due - now);
            }
            if let Ok(ticket) = due {
                under_way.push(ticket);
            }
            if milliseconds % 3 == 0 && let Some(ticket) = under_way.pop() {
                let ending = ending.map_or(CallOutcome::Unanswered, |(status, limit, remaining, reset, retry_after)| {
                    answer(
                        status,
                        vec![quota(limit, remaining, Duration::from_secs(reset))],
                        retry_after.map(Duration::from_secs),
                    )
                });
                ledger.settle(ticket, ending, &pace, longest, now);
            }
            prop_assert!(ledger.quotas.windows() <= MAX_WINDOWS);
        }
        // A call that waits until it is due is admitted in the end, although no other call is answered.
        for _ in 0..10 {
            match ledger.admit(&pace, now) {
                Ok(_) => return Ok(()),
                Err(due) => now = due,
            }
        }
        prop_assert!(false, "the call is postponed forever");
    }
}

#[test]
fn limit_of_calls_at_once_is_learned_from_refusals_with_a_wait() {
    const MOST: u64 = 3;
    let pace = Pace::of(&RateLimitConfig::default());
    let (mut ledger, mut now) = after(silent(), &pace);
    let (mut to_do, mut refused, mut answered) = (160, 0, 0);
    let mut under_way: Vec<(Instant, LedgerTicket, bool)> = Vec::new();
    while answered < 160 {
        while to_do > 0
            && under_way.len() < 40
            && let Ok(ticket) = ledger.admit(&pace, now)
        {
            let is_over = under_way.iter().filter(|call| !call.2).count() as u64 >= MOST;
            let took = if is_over { 10 } else { 100 };
            under_way.push((now + Duration::from_millis(took), ticket, is_over));
            to_do -= 1;
        }
        now += Duration::from_millis(10);
        while let Some(place) = under_way.iter().position(|call| call.0 <= now) {
            let (_, ticket, is_over) = under_way.remove(place);
            let (status, wait) = if is_over {
                (429, Some(SECOND))
            } else {
                (200, None)
            };
            ledger.settle(ticket, answer(status, Vec::new(), wait), &pace, DAY, now);
            if is_over {
                refused += 1;
                to_do += 1;
            } else {
                answered += 1;
            }
        }
    }
    assert!(refused <= 42, "{refused} beside the first ones");
}
