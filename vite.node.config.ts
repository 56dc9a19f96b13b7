import { defineConfig } from 'vite'

// The node build: one file that starts fast, no dependency at run time.
export default defineConfig({
  build: {
    ssr: true,
    outDir: 'dist-node',
    target: 'node20',
    minify: false,
    copyPublicDir: false,
    rollupOptions: {
      input: { 'rehash-server': 'src/node/rehash-server.ts' },
      output: { entryFileNames: '[name].js', format: 'es' },
    },
  },
  ssr: { noExternal: true },
})
