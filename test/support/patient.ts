/** Settings of a jethook for tests: how busy the machine is, is not what they are about, nor how often they may ask. */
export const PATIENT = {
  DISABLE_API_RATE_LIMITING: 'true',
  OVERLOAD_EVENT_LOOP_DELAY_MS: '0',
  READ_YOUR_WRITES_TIMEOUT_MS: '15000',
}
