import { Screen } from "../../components/screen";
import { useTexts } from "../../texts/texts";

export function SegmentPage() {
  return <Screen title={useTexts().segments.title}>{null}</Screen>;
}
