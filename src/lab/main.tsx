import { createRoot } from 'react-dom/client'
import { App } from './App.tsx'
import { boot } from './boot.ts'
import './styles/tokens.css'
import './styles/app.css'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(<App />)
void boot()
// The terminal is a chunk of its own; it is fetched while the processes start, not after.
void import('./terminal/XtermPane.tsx')
