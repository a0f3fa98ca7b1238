import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const part = (name: string) => readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
const style = part('page.css');
const script = part('page.js');

/** The page as one response: a shell without data, which asks `/api/status` with the token it was given. */
export const statusPage: string = part('page.html')
  // As functions, since "$" in a replacement text has a meaning.
  .replace('/*STYLE*/', () => style)
  .replace('/*SCRIPT*/', () => script);

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing from elsewhere, nothing inline but these two texts, no frame around it. */
export const statusPageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'self'",
    "object-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};
