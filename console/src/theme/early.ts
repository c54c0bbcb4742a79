// The styles of what is shown before the code of the console is there. They are small, for nothing is painted before them.
import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import "./font.css";
import "./variables.css";
import "./base.css";
