use std::sync::Arc;

use super::room::make_room;
use super::*;
use crate::lock::Mutex;

#[test]
fn memory_of_a_call_counts_for_it_and_for_the_total() {
    let host = HostAccount::new(100);
    let call = CallAccount::new(host.clone(), 60);
    let mut own = call.own(50).unwrap();
    assert_eq!(call.own(11).unwrap_err(), MemoryError::Connector(60));
    let transit = call.transit(50).unwrap();
    assert_eq!(host.used_bytes(), 100);
    assert_eq!(own.grow(1), Err(MemoryError::Total(100)));
    drop(transit);
    assert_eq!(own.grow(10), Ok(()), "a refused growth is not counted");
    assert_eq!((own.bytes(), host.used_bytes()), (60, 60));
    assert_eq!(call.owned_bytes(), 60);
    own.shrink(1_000);
    assert_eq!((own.bytes(), host.used_bytes()), (0, 0));
    own.resize(60).unwrap();
    own.resize(10).unwrap();
    assert_eq!(host.used_bytes(), 10);
    drop(own);
    assert_eq!(host.used_bytes(), 0);
    assert!(call.own(60).is_ok());
    assert_eq!(call.own(u64::MAX).unwrap_err(), MemoryError::Connector(60));
}

#[test]
fn new_calls_wait_when_little_memory_is_left() {
    let host = HostAccount::new(80);
    let charge = host.charge(70).unwrap();
    assert!(!host.is_nearly_used_up());
    let _more = host.charge(1).unwrap();
    assert!(host.is_nearly_used_up());
    drop(charge);
    assert!(!host.is_nearly_used_up());
}

#[test]
fn bytes_are_charged_until_the_last_slice_of_them_is_gone() {
    let host = HostAccount::new(100);
    let bytes = charged_bytes(vec![1_u8; 40], host.charge(40).unwrap());
    let slice = bytes.slice(10..11);
    drop(bytes.clone());
    drop(bytes);
    assert_eq!(host.used_bytes(), 40);
    drop(slice);
    assert_eq!(host.used_bytes(), 0);
}

#[test]
fn spare_memory_is_reclaimed_when_needed() {
    let host = HostAccount::new(80);
    let kept = Arc::new(Mutex::new(vec![
        host.charge(30).unwrap(),
        host.charge(30).unwrap(),
    ]));
    let held = kept.clone();
    host.set_reclaim(move |missing| {
        assert!(missing > 0);
        held.lock().pop().is_some()
    });
    assert_eq!(host.charge(81).unwrap_err(), MemoryError::Total(80));
    assert_eq!(kept.lock().len(), 2, "nothing is reclaimed in vain");
    let asked = host.charge(45).unwrap();
    assert_eq!(kept.lock().len(), 1);
    assert!(!host.is_nearly_used_up(), "the rest was reclaimed");
    assert_eq!(host.used_bytes(), 45);
    assert_eq!(host.charge(36).unwrap_err(), MemoryError::Total(80));
    drop(asked);
}

#[test]
fn a_charge_can_be_divided() {
    let host = HostAccount::new(100);
    let mut charge = host.charge(40).unwrap();
    let part = charge.split(15);
    assert_eq!((charge.bytes(), part.bytes()), (25, 15));
    let rest = charge.split(1_000);
    drop(charge);
    assert_eq!((rest.bytes(), host.used_bytes()), (25, 40));
    drop(part);
    assert_eq!(host.used_bytes(), 25);
}

#[test]
fn bytes_are_charged_before_space_is_reserved() {
    let host = HostAccount::new(400 << 10);
    let mut charge = host.charge(0).unwrap();
    let mut bytes = Vec::new();
    for _ in 0..3 {
        make_room(&mut bytes, 50 << 10, 150 << 10, &mut charge).unwrap();
        bytes.extend_from_slice(&[0; 50 << 10]);
        assert_eq!(host.used_bytes(), bytes.capacity() as u64);
    }
    assert_eq!(bytes.capacity(), 150 << 10, "not more than the limit");
    let refused = make_room(&mut bytes, 101 << 10, u64::MAX, &mut charge);
    assert!(refused.is_err(), "251 KiB plus 150 KiB exceed the limit");
    assert_eq!(bytes.capacity(), 150 << 10);
}
