//! Values computed once per key.

use std::cell::RefCell;
use std::rc::Rc;

/// A few values by key, in the order in which they were first asked for; `None` is remembered too.
#[derive(Debug)]
pub(super) struct Keyed<K, V>(RefCell<Vec<(K, Option<Rc<V>>)>>);

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self(RefCell::new(Vec::new()))
    }
}

impl<K: PartialEq, V> Keyed<K, V> {
    /// The value of `key`, made at the first call. `make` may ask for values of other keys.
    pub(super) fn get(&self, key: K, make: impl FnOnce() -> Option<V>) -> Option<Rc<V>> {
        let made: Result<_, std::convert::Infallible> = self.try_find(key, || Ok(make()));
        made.unwrap_or_else(|never| match never {})
    }

    /// The same for what can fail; a failure is not remembered.
    pub(super) fn try_find<E>(
        &self,
        key: K,
        make: impl FnOnce() -> Result<Option<V>, E>,
    ) -> Result<Option<Rc<V>>, E> {
        let known = self.0.borrow();
        if let Some((_, value)) = known.iter().find(|(k, _)| *k == key) {
            return Ok(value.clone());
        }
        drop(known);
        let value = make()?.map(Rc::new);
        self.0.borrow_mut().push((key, value.clone()));
        Ok(value)
    }

    /// The same for what is there unless it fails.
    pub(super) fn try_get<E>(
        &self,
        key: K,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<Rc<V>, E> {
        let known = self.0.borrow();
        if let Some((_, Some(value))) = known.iter().find(|(k, _)| *k == key) {
            return Ok(value.clone());
        }
        drop(known);
        let value = Rc::new(make()?);
        self.0.borrow_mut().push((key, Some(value.clone())));
        Ok(value)
    }
}
