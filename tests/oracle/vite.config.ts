import { defineConfig } from 'vite'

export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    outDir: 'bench/dist/oracle',
    target: 'node20',
    minify: false,
    rollupOptions: {
      input: { main: 'tests/oracle/main.ts', compatibility: 'tests/oracle/compatibility-main.ts' },
      output: { entryFileNames: '[name].js' },
    },
  },
  ssr: { noExternal: true },
})
