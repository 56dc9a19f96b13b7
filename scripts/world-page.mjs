// Builds and serves the page of e2e/world (a session without the lab), and the same history for Node.
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { build } from 'vite'
import { root } from './setup.mjs'

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' }
const source = join(root, 'e2e', 'world')

/** Serves the page on a free port of the loopback address; `close` stops it and removes what was built. */
export async function serveWorldPage() {
  const dir = mkdtempSync(join(tmpdir(), 'rehash-world-page-'))
  await build({
    configFile: false,
    logLevel: 'error',
    root: source,
    base: './',
    worker: { format: 'es' },
    build: { outDir: join(dir, 'page'), emptyOutDir: true, target: 'es2022' },
  })
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const file = normalize(join(dir, 'page', path === '/' ? 'index.html' : path))
    if (!file.startsWith(dir) || !existsSync(file)) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
    createReadStream(file).pipe(response)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Bundles the one-thread story for Node and returns the bundle's path. */
export async function bundleOneThread(dir) {
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: join(source, 'node.ts'),
      outDir: dir,
      emptyOutDir: false,
      rollupOptions: { output: { entryFileNames: 'node.mjs' } },
    },
  })
  return join(dir, 'node.mjs')
}
