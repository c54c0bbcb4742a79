import { useTexts } from "../texts/texts";

/** Of an input whose value is never shown: how its button is called. */
export function useSecretProps() {
  const t = useTexts();
  return { autoComplete: "off", visibilityToggleButtonProps: { "aria-label": t.settings.password.show } };
}
