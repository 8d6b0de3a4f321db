//! The orders, sorted by their last change. Only changed ones are stored; the others are computed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, RangeBounds};

use jiff::Timestamp;

use super::rows::{Order, TICK, tick};

/// The sort key of orders: the time of an order's last change, and its index.
pub(super) type OrderPosition = (Timestamp, u64);

/// All orders. Only those that were changed or added since the start take memory.
pub(super) struct OrderBook {
    /// The number of orders at the start. Orders with lower indexes are computed unless they were changed.
    computed: u64,
    count: u64,
    changed: BTreeMap<u64, Order>,
    places: BTreeSet<OrderPosition>,
    newest: Timestamp,
}

impl OrderBook {
    pub(super) fn new(count: u64) -> Self {
        Self {
            computed: count,
            count,
            changed: BTreeMap::new(),
            places: BTreeSet::new(),
            newest: tick(count.saturating_sub(1)),
        }
    }

    /// At most `limit` orders, starting at `from`.
    pub(super) fn page(&self, from: Bound<OrderPosition>, limit: usize) -> Vec<Order> {
        let range = (from, Bound::Unbounded);
        let computed = (self.first_computed(range)..self.computed)
            .filter(|index| !self.changed.contains_key(index))
            .map(Order::unchanged);
        let changed = self
            .places
            .range(range)
            .filter_map(|(_, index)| self.changed.get(index).copied());

        let mut page: Vec<Order> = computed.take(limit).chain(changed.take(limit)).collect();
        page.sort_unstable_by_key(|order| (order.updated_at, order.index));
        page.truncate(limit);
        page
    }

    /// Changes the order at `index` at the given time, or else a tick after the newest. `None` if there is no such
    /// order.
    pub(super) fn touch(&mut self, index: u64, at: Option<Timestamp>) -> Option<Order> {
        let before = match self.changed.get(&index) {
            Some(order) => *order,
            _ if index < self.computed => Order::unchanged(index),
            None => return None,
        };
        let updated_at = self.time_of_change(at);
        Some(self.keep(Order {
            updated_at,
            revision: before.revision.saturating_add(1),
            ..before
        }))
    }

    /// Adds an order at the given time, or else a tick after the newest.
    pub(super) fn add(&mut self, at: Option<Timestamp>) -> Order {
        let updated_at = self.time_of_change(at);
        let order = Order {
            index: self.count,
            updated_at,
            revision: 1,
        };
        self.count = self.count.saturating_add(1);
        self.keep(order)
    }

    fn keep(&mut self, order: Order) -> Order {
        self.newest = self.newest.max(order.updated_at);
        if let Some(earlier) = self.changed.insert(order.index, order) {
            self.places.remove(&(earlier.updated_at, earlier.index));
        }
        self.places.insert((order.updated_at, order.index));
        order
    }

    fn time_of_change(&self, at: Option<Timestamp>) -> Timestamp {
        at.unwrap_or_else(|| self.newest.checked_add(TICK).unwrap_or(Timestamp::MAX))
    }

    /// The first computed order within `range`, which has no end. A binary search, since computed orders are sorted.
    fn first_computed(&self, range: impl RangeBounds<OrderPosition>) -> u64 {
        let (mut low, mut high) = (0, self.computed);
        while low < high {
            let middle = low.midpoint(high);
            if range.contains(&(tick(middle), middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads all orders as a client does, `limit` at a time.
    fn walk(book: &OrderBook, mut from: Bound<OrderPosition>, limit: usize) -> Vec<u64> {
        let mut indexes = Vec::new();
        loop {
            let page = book.page(from, limit);
            let Some(last) = page.last() else {
                return indexes;
            };
            from = Bound::Excluded((last.updated_at, last.index));
            indexes.extend(page.iter().map(|order| order.index));
        }
    }

    #[test]
    fn paging_returns_every_order_once_with_any_page_size() {
        let book = OrderBook::new(260);
        for limit in [1, 7, 50, 260, 1_000] {
            assert_eq!(
                walk(&book, Bound::Unbounded, limit),
                (0..260).collect::<Vec<_>>(),
                "{limit}"
            );
        }
    }

    #[test]
    fn a_time_includes_every_order_that_shares_it() {
        let book = OrderBook::new(260);
        assert_eq!(
            walk(&book, Bound::Included((tick(256), 0)), 50),
            [255, 256, 257, 258, 259]
        );
        assert_eq!(
            walk(&book, Bound::Excluded((tick(256), 256)), 50),
            [257, 258, 259]
        );
    }

    #[test]
    fn changed_and_added_orders_come_last_and_only_there() {
        let mut book = OrderBook::new(260);
        let newest = Bound::Excluded((tick(259), 259));
        book.touch(3, None).unwrap();
        let added = book.add(None);
        book.touch(200, None).unwrap();
        let again = book.touch(3, None).unwrap();
        assert_eq!((added.index, again.revision), (260, 3));
        assert_eq!(walk(&book, newest, 2), [260, 200, 3]);

        let all = walk(&book, Bound::Unbounded, 50);
        assert_eq!(all.len(), 261);
        assert_eq!(all.iter().filter(|index| **index == 3).count(), 1);
    }

    #[test]
    fn a_change_may_carry_an_earlier_time() {
        let mut book = OrderBook::new(260);
        let order = book.touch(259, Some(tick(0))).unwrap();
        assert_eq!(order.updated_at, tick(0));
        assert_eq!(walk(&book, Bound::Unbounded, 50)[..5], [0, 1, 2, 259, 3]);
    }

    #[test]
    fn orders_that_do_not_exist_cannot_change() {
        let mut book = OrderBook::new(260);
        assert_eq!(book.touch(260, None), None);
        book.add(None);
        assert!(book.touch(260, None).is_some());
    }

    #[test]
    fn a_large_book_serves_its_last_orders() {
        let book = OrderBook::new(2_600_000);
        assert_eq!(
            walk(&book, Bound::Included((tick(2_599_999), 0)), 50),
            [2_599_998, 2_599_999]
        );
    }
}
