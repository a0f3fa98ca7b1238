/**
 * The fixed demo credentials of the embedded venues. They open nothing but the simulator: signatures are verified
 * against them exactly as a venue would, so that an unmodified client library can log in.
 */
export const SIM_API_KEY = 'nightjar-demo-key';
export const SIM_SECRET = 'nightjar-demo-secret';
/** OKX only: the third part of its credentials. */
export const SIM_PASSPHRASE = 'nightjar-demo-passphrase';

export const simKeys = { apiKey: SIM_API_KEY, secret: SIM_SECRET, passphrase: SIM_PASSPHRASE } as const;
/** Secret key (64 bytes, base64) of the wallet that the embedded chain endows; it owns nothing on any real chain. */
export const SIM_WALLET_SECRET =
  'L0dYRf2Y5ZY+9vsS+CSHGvCxs2mzexk3Ivwhjd17Y5Y7dToPTyNYw8uJdGvEIBO62NxMOmDUt+DIus1YG7yqCg==';
