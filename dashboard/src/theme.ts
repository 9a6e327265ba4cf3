import {
  Alert,
  Badge,
  Button,
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  Menu,
  Modal,
  Paper,
  Popover,
  SegmentedControl,
  Select,
  Switch,
  Tabs,
  Textarea,
  TextInput,
  Tooltip,
  type VariantColorsResolver,
} from '@mantine/core'

const INK = '#16181d'
const PAPER = '#eceef2'

/** Buttons and marks are ink on paper: colour is kept for the state of things. */
const variantColorResolver: VariantColorsResolver = (input) => {
  if (input.color !== undefined && input.color !== 'ink') return defaultVariantColorsResolver(input)
  const plain = { background: 'transparent', hover: 'var(--jh-hover)', color: 'var(--jh-text)', border: 'none' }
  switch (input.variant) {
    case 'filled':
      return { background: 'var(--jh-ink)', hover: 'var(--jh-ink-hover)', color: 'var(--jh-on-ink)', border: 'none' }
    case 'light':
      return { ...plain, background: 'var(--jh-soft)' }
    case 'subtle':
    case 'transparent':
      return plain
    default:
      return defaultVariantColorsResolver(input)
  }
}

const ALERT_TONES: Record<string, string> = { red: 'bad', yellow: 'wait', green: 'ok', blue: 'run' }

const small = { defaultProps: { size: 'xs' } }

export const theme = createTheme({
  fontFamily: "'Geist Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'Geist Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '0.8125rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.45' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.35' },
      h2: { fontSize: '0.9375rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '14px' },
  primaryColor: 'ink',
  primaryShade: { light: 8, dark: 1 },
  autoContrast: true,
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  variantColorResolver,
  colors: {
    ink: ['#f7f8f9', '#eceef2', '#dfe2e7', '#c9ced6', '#a7aeb9', '#7d8592', '#5c6470', '#3b414b', INK, '#0c0d10'],
    gray: [
      '#f8f9fa',
      '#f2f3f5',
      '#e7e9ec',
      '#dcdfe3',
      '#cfd3d9',
      '#6c737c',
      '#5f666f',
      '#484e57',
      '#2b3038',
      '#16181d',
    ],
    dark: [
      '#e4e7ec',
      '#c4c9d2',
      '#a0a7b3',
      '#8d95a2',
      '#3a404b',
      '#2a2f38',
      '#1d2128',
      '#121419',
      '#0d0f13',
      '#08090b',
    ],
  },
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs' } }),
    TextInput: TextInput.extend(small),
    Textarea: Textarea.extend(small),
    Select: Select.extend({ defaultProps: { size: 'xs', comboboxProps: { shadow: 'md' }, withAlignedLabels: true } }),
    MultiSelect: small,
    TagsInput: small,
    NumberInput: small,
    PasswordInput: small,
    JsonInput: small,
    Checkbox: small,
    Radio: small,
    Switch: Switch.extend({ defaultProps: { size: 'sm' } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs' } }),
    Paper: Paper.extend({ defaultProps: { withBorder: true, radius: 'lg' } }),
    Menu: Menu.extend({ defaultProps: { shadow: 'md', position: 'bottom-end', transitionProps: { duration: 80 } } }),
    Popover: Popover.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } }),
    Modal: Modal.extend({ defaultProps: { radius: 'lg', centered: true, transitionProps: { duration: 100 } } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 250, events: { hover: true, focus: true, touch: true } } }),
    Alert: Alert.extend({
      vars: (_, { color }) => {
        const tone = ALERT_TONES[color ?? ''] ?? 'off'
        return { root: { '--alert-bg': `var(--jh-${tone}-soft)`, '--alert-color': `var(--jh-${tone})` } }
      },
    }),
    Badge: Badge.extend({ defaultProps: { radius: 'sm', variant: 'light', tt: 'none', fw: 500 } }),
    Tabs: Tabs.extend({ defaultProps: { keepMounted: false } }),
  },
})

/** Colours beyond Mantine's: surfaces, lines and the five states. Text on them has a contrast of 4.5 or more. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-text': INK,
    '--mantine-color-dimmed': '#5f666f',
    '--mantine-color-error': '#c4262e',
    '--jh-text': INK,
    '--jh-dim': '#5f666f',
    '--jh-ink': INK,
    '--jh-ink-hover': '#2d3139',
    '--jh-on-ink': '#ffffff',
    '--jh-page': '#ffffff',
    '--jh-side': '#f8f9fa',
    '--jh-line': '#e7e9ec',
    '--jh-soft': '#f2f3f5',
    '--jh-hover': '#f2f3f5',
    '--jh-focus': '#2f6feb',
    '--jh-ok': '#18794e',
    '--jh-ok-soft': '#e6f6ed',
    '--jh-ok-mark': '#30a46c',
    '--jh-wait': '#8f5200',
    '--jh-wait-soft': '#fff3d9',
    '--jh-wait-mark': '#f0a30a',
    '--jh-bad': '#c4262e',
    '--jh-bad-soft': '#fdecec',
    '--jh-bad-mark': '#e5484d',
    '--jh-run': '#0b5fc0',
    '--jh-run-soft': '#e8f2ff',
    '--jh-run-mark': '#3b8eea',
    '--jh-off': '#5f666f',
    '--jh-off-soft': '#f2f3f5',
    '--jh-off-mark': '#a7aeb9',
  },
  dark: {
    '--mantine-color-text': '#e4e7ec',
    '--mantine-color-dimmed': '#a0a7b3',
    '--mantine-color-error': '#ff8f93',
    '--jh-text': '#e4e7ec',
    '--jh-dim': '#a0a7b3',
    '--jh-ink': PAPER,
    '--jh-ink-hover': '#ffffff',
    '--jh-on-ink': '#121419',
    '--jh-page': '#121419',
    '--jh-side': '#0d0f13',
    '--jh-line': '#262b33',
    '--jh-soft': '#1d2128',
    '--jh-hover': '#1a1e25',
    '--jh-focus': '#6ea8fe',
    '--jh-ok': '#5bd29a',
    '--jh-ok-soft': '#10291e',
    '--jh-ok-mark': '#3dba80',
    '--jh-wait': '#f5b64c',
    '--jh-wait-soft': '#2e2210',
    '--jh-wait-mark': '#e59b13',
    '--jh-bad': '#ff8f93',
    '--jh-bad-soft': '#331619',
    '--jh-bad-mark': '#e5565b',
    '--jh-run': '#79b8ff',
    '--jh-run-soft': '#11243d',
    '--jh-run-mark': '#3b8eea',
    '--jh-off': '#a0a7b3',
    '--jh-off-soft': '#1d2128',
    '--jh-off-mark': '#5c6470',
  },
})
