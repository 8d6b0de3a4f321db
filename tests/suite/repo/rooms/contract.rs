//! The contract has one text, of which every kit has its own copy, so that the kit builds when it is taken out of the
//! tree.

use std::fs;

use super::{files, repository, shown};

#[test]
fn copies_of_the_contract_are_the_same() {
    let contract = fs::read(repository().join("wit/connector.wit")).unwrap();
    let mut kits = Vec::new();
    for copy in files(&repository().join("kit"), &["connector.wit"]) {
        assert!(
            !copy.symlink_metadata().unwrap().is_symlink(),
            "{} is a link: taken out of the tree, the kit must still build",
            shown(&copy)
        );
        assert!(
            fs::read(&copy).unwrap() == contract,
            "{} is not the text of wit/connector.wit: copy it there",
            shown(&copy)
        );
        kits.push(shown(&copy).split('/').nth(1).unwrap().to_owned());
    }
    assert_eq!(kits, ["c", "javascript", "python", "rust"]);
    let elsewhere = files(&repository(), &["connector.wit"]).len() - kits.len();
    assert_eq!(elsewhere, 1, "a copy outside of the kits isn't compared");
}
