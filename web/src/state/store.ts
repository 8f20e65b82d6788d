/** The stores of the editor: values that tell when they are replaced. They know no React. */

/** A value that can be replaced; listeners are told after it was. */
export interface Store<T> {
  get(): T
  set(next: T): void
  update(change: (old: T) => T): void
  /** Returns what ends the subscription. */
  subscribe(listener: () => void): () => void
}

/** Values by key; who listens to one key is not told of the others. */
export interface KeyedStore<T> {
  get(key: string): T | undefined
  set(key: string, value: T | undefined): void
  /** Forgets all keys that begin with this. */
  clear(prefix: string): void
  keys(): readonly string[]
  /** Returns all values; the same map until one is replaced. */
  all(): ReadonlyMap<string, T>
  subscribe(key: string, listener: () => void): () => void
  /** Listens to every key. */
  subscribeAll(listener: () => void): () => void
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial
  const listeners = new Set<() => void>()
  function set(next: T): void {
    if (Object.is(next, value)) return
    value = next
    for (const listener of [...listeners]) listener()
  }
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export function createKeyedStore<T>(): KeyedStore<T> {
  const values = new Map<string, T>()
  const byKey = new Map<string, Set<() => void>>()
  const all = new Set<() => void>()
  let copy: ReadonlyMap<string, T> | null = null
  function set(key: string, value: T | undefined): void {
    if (Object.is(values.get(key), value)) return
    copy = null
    if (value === undefined) values.delete(key)
    else values.set(key, value)
    for (const listener of [...(byKey.get(key) ?? []), ...all]) listener()
  }
  return {
    get: (key) => values.get(key),
    set,
    clear(prefix) {
      for (const key of [...values.keys()]) if (key.startsWith(prefix)) set(key, undefined)
    },
    keys: () => [...values.keys()],
    all() {
      copy ??= new Map(values)
      return copy
    },
    subscribe(key, listener) {
      const listeners = byKey.get(key) ?? new Set()
      byKey.set(key, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0 && byKey.get(key) === listeners) byKey.delete(key)
      }
    },
    subscribeAll(listener) {
      all.add(listener)
      return () => all.delete(listener)
    },
  }
}
