// npm start: install what is missing, build if needed, serve the lab on http://localhost:5173 and print the address.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { ensureBuilt, ensurePackages, root } from './setup.mjs'

ensurePackages()
ensureBuilt()

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
}
const dist = join(root, 'dist')
const port = Number(process.env.PORT ?? 5173)
const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
  let file = normalize(join(dist, path))
  if (!file.startsWith(dist)) file = dist
  if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html')
  if (!existsSync(file)) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n')
    return
  }
  response.writeHead(200, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'cache-control': 'no-cache',
  })
  createReadStream(file).pipe(response)
})
server.on('error', (e) => {
  console.error(
    e.code === 'EADDRINUSE'
      ? `rehash: port ${port} is in use; stop the other program or set PORT`
      : `rehash: ${e.message}`,
  )
  process.exit(1)
})
server.listen(port, () => console.log(`\n  Rehash is running: http://localhost:${port}/\n`))
