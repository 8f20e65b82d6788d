import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { gzipped } from './gzipped'

/** Where `inkloom serve` listens while the editor is worked on: `INKLOOM_SERVER=http://127.0.0.1:9000 npm run dev`. */
const server = process.env['INKLOOM_SERVER'] ?? 'http://127.0.0.1:8188'

/** What the page asks the server for; all else comes from Vite. */
const asked = ['/api', '/internal', '/templates', '/v1', '/login', '/logout']

export default defineConfig({
  base: './', // so that the page works under a path prefix
  plugins: [react(), gzipped()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // the page's policy allows no data: fonts or scripts
    modulePreload: { polyfill: false },
    license: { fileName: 'assets/LICENSES.md' },
    chunkSizeWarningLimit: 800,
  },
  server: {
    proxy: Object.fromEntries(asked.map((path) => [path, { target: server, changeOrigin: true, ws: true }])),
  },
})
