//! Adjacency in two flat arrays, so that a pass over all edges is a pass over memory.

/// For every row a list of numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Csr {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Csr {
    /// Groups `pairs` of (row, item) by row; the order inside a row is the order of the pairs.
    pub(super) fn from_pairs(rows: usize, pairs: &[(u32, u32)]) -> Self {
        Self::grouped(rows, pairs, |&(row, item)| (row, item))
    }

    /// The same pairs with row and item exchanged.
    pub(super) fn from_reversed(rows: usize, pairs: &[(u32, u32)]) -> Self {
        Self::grouped(rows, pairs, |&(row, item)| (item, row))
    }

    fn grouped(
        rows: usize,
        pairs: &[(u32, u32)],
        view: impl Fn(&(u32, u32)) -> (u32, u32),
    ) -> Self {
        let mut starts = vec![0u32; rows + 1];
        for pair in pairs {
            starts[view(pair).0 as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut items = vec![0u32; pairs.len()];
        for pair in pairs {
            let (row, item) = view(pair);
            let place = &mut next[row as usize];
            items[*place as usize] = item;
            *place += 1;
        }
        Self { starts, items }
    }

    /// The list of a row.
    pub(super) fn row(&self, row: u32) -> &[u32] {
        let row = row as usize;
        &self.items[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_hold_the_same_pairs() {
        let pairs = [(2, 0), (0, 1), (2, 1)];
        let there = Csr::from_pairs(3, &pairs);
        assert_eq!((there.row(0), there.row(1), there.row(2)), (&[1][..], &[][..], &[0, 1][..]));
        let back = Csr::from_reversed(3, &pairs);
        assert_eq!((back.row(0), back.row(1), back.row(2)), (&[2][..], &[0, 2][..], &[][..]));
        assert_eq!(there.rows(), 3);
    }
}
