//! Adjacency lists in two flat arrays, so that a pass over all edges reads memory sequentially.

/// A list of numbers for every row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Csr {
    rows: usize,
    /// The end of each row. Empty if all rows are.
    ends: Vec<u32>,
    items: Vec<u32>,
}

impl Csr {
    /// Groups `pairs` by their first numbers and by their second.
    pub(crate) fn both(rows: usize, pairs: &[(u32, u32)]) -> (Self, Self) {
        (Self::from_pairs(rows, pairs), Self::grouped(rows, pairs, |&(item, row)| (row, item)))
    }

    /// Groups `pairs` of (row, item) by row. The order within a row is the order of the pairs.
    pub(crate) fn from_pairs(rows: usize, pairs: &[(u32, u32)]) -> Self {
        Self::grouped(rows, pairs, |&(row, item)| (row, item))
    }

    fn grouped(
        rows: usize,
        pairs: &[(u32, u32)],
        view: impl Fn(&(u32, u32)) -> (u32, u32),
    ) -> Self {
        if pairs.is_empty() {
            return Self { rows, ..Self::default() };
        }
        let mut counts = vec![0u32; rows];
        for pair in pairs {
            counts[view(pair).0 as usize] += 1;
        }
        // Turns counts into starts. Each start moves to the end of its row while the row is filled.
        let mut ends = counts;
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut items = vec![0u32; pairs.len()];
        for pair in pairs {
            let (row, item) = view(pair);
            let place = &mut ends[row as usize];
            items[*place as usize] = item;
            *place += 1;
        }
        Self { rows, ends, items }
    }

    /// Returns the list of a row.
    pub(crate) fn row(&self, row: u32) -> &[u32] {
        let row = row as usize;
        let Some(&end) = self.ends.get(row) else { return &[] };
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[start as usize..end as usize]
    }

    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Returns whether no row has an item.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_hold_the_same_pairs() {
        let pairs = [(2, 0), (0, 1), (2, 1)];
        let (there, back) = Csr::both(3, &pairs);
        assert_eq!((there.row(0), there.row(1), there.row(2)), (&[1][..], &[][..], &[0, 1][..]));
        assert_eq!((back.row(0), back.row(1), back.row(2)), (&[2][..], &[0, 2][..], &[][..]));
        assert_eq!(there.rows(), 3);
    }
}
