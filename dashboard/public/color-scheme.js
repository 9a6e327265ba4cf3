// Before anything is painted, so that a dark page never flashes white. A file of its own: the page allows no inline script.
try {
  const wished = localStorage.getItem('mantine-color-scheme-value')
  const isDark = wished === 'dark' || (wished !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
} catch {
  // Without a store the page is light until it has started.
}
