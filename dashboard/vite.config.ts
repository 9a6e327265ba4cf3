import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { compressAssets } from './compress-assets.ts'

/** `npm run dashboard -- dev` serves the page from its sources; the API is that of a running jethook. */
const API = process.env['JETHOOK_URL'] ?? 'http://127.0.0.1:8081'

export default defineConfig({
  plugins: [react(), compressAssets()],
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': API, '/docs': API } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The page allows neither data: fonts nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    chunkSizeWarningLimit: 1_000,
  },
})
