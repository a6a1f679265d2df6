import { AppError, messageOf } from './errors.ts';

/** Nobody answers at an address, or the answer broke off before its headers were whole. */
export function httpUnreachable(url: string, cause: unknown): AppError {
  return new AppError(
    {
      code: 'HTTP_UNREACHABLE',
      message: `${url} does not answer: ${messageOf(cause)}. Check the network, and HTTPS_PROXY and NO_PROXY where a proxy stands between.`,
      status: 503,
      retryable: true,
      details: { url },
    },
    { cause },
  );
}

/** A redirect that leads in a circle, too far, or to where it would be less safe. */
export function httpRedirectRefused(facts: { from: string; to: string; problem: string }): AppError {
  return new AppError({
    code: 'HTTP_REDIRECT_REFUSED',
    message: `${facts.from} sends on to ${facts.to}, which is not followed: ${facts.problem}. Check the address; a proxy or a mirror may be set up wrongly.`,
    status: 502,
    retryable: false,
    details: { ...facts },
  });
}
