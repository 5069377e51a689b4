import Testing

@testable import GalleyCLI

@Suite struct `A line that a notebook prints on a CI host` {
    @Test(arguments: [
        (nil, "##vso[task.setvariable variable=a]b", "#~#vso[task.setvariable variable=a]b"),
        (nil, "##teamcity[buildStop]", "#~#teamcity[buildStop]"),
        (
            nil, "a ##vso[x] ##teamcity[y] ##vso[z] ##teamcity[w]",
            "a #~#vso[x] #~#teamcity[y] #~#vso[z] #~#teamcity[w]"
        ),
        (CIHost.gitHub, "::error::a ::b", ":~:error:~:a :~:b"), (.gitHub, " \t::error::a", " \t:~:error:~:a"),
        (.gitHub, "a ##[error]b", "a #~#[error]b"), (.gitHub, "a::b", "a::b"), (.gitLab, "a::b ##", "a::b ##"),
    ])
    func `A line passes none of the commands in it to the host`(host: CIHost?, line: String, shown: String) {
        #expect(CIHost.neutralized(line, for: host) == shown.replacing("~", with: "\u{2060}"))
    }
}
