#!/bin/sh
# Puts the lessons and what they link to into a learner's home. A file that is there already stays as it is: what was
# written into a lesson is the learner's.
set -eu
from="${LABKIT_FOLDER:-/opt/labkit}"
for folder in notebooks docs; do
    mkdir -p "$HOME/labkit/$folder"
    (cd "$from/$folder" && find . -type f ! -path '*/.ipynb_checkpoints/*' ! -path '*/node_modules/*') | while read -r file; do
        if [ ! -e "$HOME/labkit/$folder/$file" ]; then
            mkdir -p "$(dirname "$HOME/labkit/$folder/$file")"
            cp "$from/$folder/$file" "$HOME/labkit/$folder/$file"
        fi
    done
done
