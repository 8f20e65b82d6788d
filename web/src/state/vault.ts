/** A store of the browser with room for large texts: one record for each window. */

export interface VaultRecord {
  readonly window: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly text: string
}

export interface Vault {
  all(): Promise<readonly VaultRecord[]>
  write(record: VaultRecord): Promise<void>
  remove(window: string): Promise<void>
}

const [NAME, TABLE] = ['inkloom', 'windows']

/** Returns the vault of this browser; each use fails where the browser has none or forbids it. */
export function openVault(factory: IDBFactory): Vault {
  let opened: Promise<IDBDatabase> | undefined
  const database = () => {
    opened ??= open(factory)
    return opened
  }
  async function within<T>(
    mode: IDBTransactionMode,
    work: (table: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const transaction = (await database()).transaction(TABLE, mode)
    const request = work(transaction.objectStore(TABLE))
    if (mode === 'readwrite') transaction.commit() // so that a page which is being left still writes it
    return new Promise((done, failed) => {
      transaction.oncomplete = () => done(request.result)
      transaction.onabort = () => failed(transaction.error ?? new Error('the browser has kept nothing'))
    })
  }
  return {
    all: () => within<VaultRecord[]>('readonly', (table) => table.getAll()),
    async write(record) {
      await within('readwrite', (table) => table.put(record))
    },
    async remove(window) {
      await within('readwrite', (table) => table.delete(window))
    },
  }
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(NAME, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: 'window' })
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result)
    request.onerror = () => failed(request.error ?? new Error('the browser has no place to keep things'))
  })
}

const LOCK = 'inkloom.window.'

/** Says from now on that this window is there. */
export function stayAlive(locks: LockManager | undefined, window: string): void {
  void locks?.request(`${LOCK}${window}`, () => new Promise(() => undefined))
}

/** Returns the windows that are there; null where the browser does not tell. */
export async function aliveWindows(locks: LockManager | undefined): Promise<ReadonlySet<string> | null> {
  if (locks === undefined) return null
  const { held = [] } = await locks.query()
  return new Set(held.flatMap(({ name }) => (name?.startsWith(LOCK) ? [name.slice(LOCK.length)] : [])))
}
