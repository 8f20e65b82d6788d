/** Where the editor begins. */

import '@xyflow/react/dist/base.css'
import './ui/style/tokens.css'
import './ui/style/base.css'
import './ui/style/frame.css'
import './ui/style/canvas.css'
import './ui/style/library.css'
import './ui/style/run.css'
import './ui/style/phone.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { apiOf } from './core/api/client'
import { connect, type SocketLike } from './core/api/socket'
import { drawFrom } from './core/seeds'
import { attempt, createApp, say, toast } from './state/app'
import { keepTabs, restoreTabs } from './state/autosave'
import { followRuns } from './state/following'
import { hear, hearConnection } from './state/hearing'
import { keepJobs } from './state/keptJobs'
import { begin } from './state/opening'
import { planRuns } from './state/planning'
import { createSettings } from './state/settings'
import { shareSettings } from './state/sharing'
import { isDirty } from './state/tabs'
import { aliveWindows, openVault, stayAlive } from './state/vault'
import { App } from './ui/App'
import { listenTo } from './ui/events'
import { whenIdle } from './ui/idle'
import { showPage } from './ui/page'

const CLIENT = 'inkloom.client'

const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const client = sessionStorage.getItem(CLIENT) ?? newId()
sessionStorage.setItem(CLIENT, client)

/** The folder of this page: a path prefix in front of the server is part of it. */
const page = new URL('.', location.href)

const app = createApp({
  client,
  api: apiOf((...request) => fetch(...request), page.href),
  draw: drawFrom((bytes) => crypto.getRandomValues(bytes)),
  settings: createSettings(localStorage),
  languages: navigator.languages,
  now: () => performance.now(),
  newId,
})

window.addEventListener('unhandledrejection', (event) =>
  toast(app, 'bad', say(app, 'error.unforeseen'), String(event.reason)),
)
window.addEventListener('error', (event) => toast(app, 'bad', say(app, 'error.unforeseen'), event.message))
showPage(app, document)
keepJobs(app.jobs, sessionStorage)
followRuns(app, listenTo)
planRuns(app)

stayAlive(navigator.locks, client)
const vault = openVault(indexedDB)
const keeper = keepTabs(app.tabs, client, {
  own: sessionStorage,
  vault,
  idle: whenIdle,
  failed: () => toast(app, 'bad', say(app, 'error.storage')),
})
window.addEventListener('pagehide', () => void keeper.now())
window.addEventListener('beforeunload', (event) => {
  if (!keeper.safe() && app.tabs.get().open.some(isDirty)) event.preventDefault()
})

/** Reads what was open before, opens what the address holds, and lets the records go that were taken over. */
async function start(): Promise<void> {
  const restored = await restoreTabs(client, sessionStorage, vault, () =>
    aliveWindows(navigator.locks),
  ).catch(() => {
    toast(app, 'bad', say(app, 'error.storage'))
    return null
  })
  await begin(app, restored?.kept ?? null, location.hash)
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search)
  const taken = restored?.taken ?? []
  if (taken.length > 0) await keeper.now()
  for (const gone of taken) await vault.remove(gone)
}
void start()
void attempt(app, say(app, 'error.server'), () =>
  shareSettings(app.settings, app.api, () => toast(app, 'bad', say(app, 'settings.notShared'))),
)
const connection = connect({
  clientId: client,
  open: (id) => {
    const url = new URL(`api/ws?clientId=${encodeURIComponent(id)}`, page)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    return new WebSocket(url) as SocketLike
  },
  onMessage: (message) => hear(app, message),
  onState(state, wait) {
    app.retry.set(state === 'waiting' ? { at: app.now() + wait, now: () => connection.retry() } : null)
    hearConnection(app, state)
  },
  onUnreadable: (error) => toast(app, 'bad', say(app, 'error.server'), error.message),
  later(milliseconds, call) {
    const timer = setTimeout(call, milliseconds)
    return () => clearTimeout(timer)
  },
})

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element of the id root')
createRoot(root).render(
  <StrictMode>
    <App app={app} />
  </StrictMode>,
)
