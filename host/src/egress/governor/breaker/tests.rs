use super::*;

const A: &str = "https://a.example.com";
const SECOND: Duration = Duration::from_secs(1);

/// Breakers that three failures have opened, and when.
fn opened() -> (Breakers, Instant) {
    let (breakers, now) = (Breakers::new(3, SECOND * 10), Instant::now());
    for change in [
        BreakerChange::None,
        BreakerChange::None,
        BreakerChange::Opened {
            failures: 3,
            cool_down: SECOND * 10,
        },
    ] {
        assert_eq!(breakers.enter(A, now), Ok(false));
        assert_eq!(breakers.settle(A, false, Some(true), now), change);
    }
    (breakers, now)
}

#[test]
fn calls_fail_at_once_after_failures_in_a_row() {
    let (breakers, now) = opened();
    let refusal = Err(OutOfService {
        failures: 3,
        wait: SECOND * 8,
    });
    assert_eq!(breakers.check(A, now + SECOND * 2), refusal.map(drop));
    assert_eq!(breakers.enter(A, now + SECOND * 2), refusal);
    assert_eq!(breakers.enter("https://b.example.com", now), Ok(false));
    assert_eq!(breakers.open(), 1);
}

#[test]
fn success_in_between_restarts_the_count() {
    let (breakers, now) = (Breakers::new(2, SECOND), Instant::now());
    for failed in [true, false, true, false, true] {
        assert_eq!(
            breakers.settle(A, false, Some(failed), now),
            BreakerChange::None
        );
    }
    assert_eq!(breakers.settle(A, false, None, now), BreakerChange::None);
    assert!(breakers.enter(A, now).is_ok());
    assert!(matches!(
        breakers.settle(A, false, Some(true), now),
        BreakerChange::Opened { .. }
    ));
}

#[test]
fn one_trial_after_the_cool_down_decides() {
    let (breakers, now) = opened();
    let later = now + SECOND * 10;
    assert_eq!(breakers.check(A, later), Ok(()));
    assert_eq!(breakers.enter(A, later), Ok(true));
    assert!(
        breakers.enter(A, later).is_err(),
        "there is a trial already"
    );
    assert_eq!(
        breakers.settle(A, true, Some(true), later),
        BreakerChange::None
    );
    let refusal = OutOfService {
        failures: 4,
        wait: SECOND * 20,
    };
    assert_eq!(breakers.enter(A, later), Err(refusal), "twice as long");
    let later = later + SECOND * 20;
    assert_eq!(breakers.enter(A, later), Ok(true));
    assert_eq!(breakers.settle(A, true, None, later), BreakerChange::None);
    assert_eq!(
        breakers.enter(A, later),
        Ok(true),
        "the other trial said nothing"
    );
    assert_eq!(
        breakers.settle(A, true, Some(false), later),
        BreakerChange::Closed
    );
    assert_eq!(breakers.enter(A, later), Ok(false));
}

#[test]
fn calls_that_were_under_way_do_not_lengthen_it() {
    let (breakers, now) = opened();
    for _ in 0..10 {
        assert_eq!(
            breakers.settle(A, false, Some(true), now + SECOND),
            BreakerChange::None
        );
    }
    assert_eq!(breakers.enter(A, now + SECOND * 10), Ok(true));
}

#[test]
fn cool_down_is_bounded() {
    let (breakers, mut now) = opened();
    for _ in 0..100 {
        now += MOST_COOL_DOWN;
        assert_eq!(breakers.enter(A, now), Ok(true));
        breakers.settle(A, true, Some(true), now);
    }
    assert_eq!(breakers.check(A, now + MOST_COOL_DOWN), Ok(()));
}

#[test]
fn breakers_are_bounded_for_any_number_of_origins() {
    let (breakers, now) = (Breakers::new(1, SECOND), Instant::now());
    for number in 0..1000 {
        breakers.settle(
            &format!("https://{number}.example.com"),
            false,
            Some(true),
            now,
        );
    }
    assert_eq!(breakers.origins().len(), MAX_ORIGINS);
    assert!(matches!(
        breakers.settle(A, false, Some(true), now + SECOND),
        BreakerChange::Opened { .. }
    ));
    let off = Breakers::new(0, SECOND);
    for _ in 0..1000 {
        off.settle(A, false, Some(true), now);
    }
    assert_eq!(off.enter(A, now), Ok(false));
}
