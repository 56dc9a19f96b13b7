import { defineConfig } from 'vite'

export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    outDir: 'bench/dist',
    target: 'node20',
    minify: false,
    rollupOptions: { input: { engine: 'bench/engine.ts', scaling: 'bench/scaling.ts', world: 'bench/world.ts' }, output: { entryFileNames: '[name].js' } },
  },
  ssr: { noExternal: true },
})
